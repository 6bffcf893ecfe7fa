extension Catalogue {
    private static let badReason = Array("κ\u{1F79}σμε".utf8) + [0xED, 0xA0, 0x80] + Array("edited".utf8)

    /// Section 7.
    static let closing: [Case] = afterClose + closePayloads + closeCodes

    private static let afterClose: [Case] = {
        let echo = [RawPeer.Received.text("Hello World!")]
        let long = [UInt8](repeating: UInt8(ascii: "*"), count: 256 * 1024)
        func closed(_ number: String, _ title: String, _ sent: [Frame], _ expected: [RawPeer.Received] = []) -> Case {
            frames(number, title, sent, expected: expected, ending: .answered([1000]))
        }
        return [
            closed("7.1.1", "text, then close", [.text("Hello World!"), .close(1000)], echo),
            closed("7.1.2", "two close frames", [.close(1000), .close(1000)]),
            closed("7.1.3", "ping after close", [.close(1000), .ping()]),
            closed("7.1.4", "text after close", [.close(1000), .text("Hello World!")]),
            closed(
                "7.1.5", "close between two fragments",
                [.text("fragment1", isFinal: false), .close(1000), .continuation("fragment2", isFinal: true)]),
            Case(
                "7.1.6", "256 kB of text, close, ping",
                Case.Script(
                    steps: [.send([Frame(Frame.Opcode.text, long), .text("Hello World!"), .close(1000), .ping()])],
                    expected: [.message(isText: true, long)] + echo, ending: .answered([1000]),
                    isInformational: true)),
        ]
    }()

    private static let closePayloads: [Case] = {
        func answered(_ number: String, _ title: String, _ frame: Frame, _ codes: [UInt16?]) -> Case {
            frames(number, title, [frame], ending: .answered(codes))
        }
        func failed(_ number: String, _ title: String, _ frame: Frame, _ codes: [UInt16]) -> Case {
            frames(number, title, [frame], ending: .failed(codes))
        }
        let reason = [UInt8](repeating: UInt8(ascii: "*"), count: 123)
        return [
            answered("7.3.1", "close without payload", Frame(Frame.Opcode.close), [1000, nil]),
            failed("7.3.2", "close with one byte", Frame(Frame.Opcode.close, [0x03]), [protocolError]),
            answered("7.3.3", "close with a code", .close(1000), [1000]),
            answered("7.3.4", "close with a reason", .close(1000, reason: Array("Hello World!".utf8)), [1000]),
            answered("7.3.5", "close with a reason of 123 bytes", .close(1000, reason: reason), [1000]),
            failed("7.3.6", "close with a reason of 124 bytes", .close(1000, reason: reason + [0x2A]), [protocolError]),
            failed(
                "7.5.1", "close with a reason that is not UTF-8", .close(1000, reason: badReason),
                [protocolError, invalidPayload]),
        ]
    }()

    private static let closeCodes: [Case] = {
        let valid: [UInt16] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
        let invalid: [UInt16] = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]
        func undefined(_ number: String, _ code: UInt16) -> Case {
            Case(
                number, "close \(code), which nobody defined",
                Case.Script(
                    steps: [.send([.close(code)])], ending: .failed([protocolError, code]), isInformational: true))
        }
        return zip(1..., valid).map { index, code in
            frames("7.7.\(index)", "close \(code)", [.close(code)], ending: .answered([1000, code]))
        }
            + zip(1..., invalid).map { index, code in
                frames(
                    "7.9.\(index)", "close \(code), which is invalid", [.close(code)], ending: .failed([protocolError]))
            } + [undefined("7.13.1", 5000), undefined("7.13.2", 65535)]
    }()
}
