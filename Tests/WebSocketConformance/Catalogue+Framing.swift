extension Catalogue {
    /// Section 1: text and binary messages around the limits of the length forms.
    static let framing: [Case] = framing(of: true, "1.1") + framing(of: false, "1.2")

    private static func framing(of isText: Bool, _ section: String) -> [Case] {
        let sizes = [0, 125, 126, 127, 128, 65535, 65536, 65536]
        return sizes.enumerated().map { index, size in
            let payload = [UInt8](repeating: isText ? UInt8(ascii: "*") : 0xFE, count: size)
            let isChopped = index == 7
            return frames(
                "\(section).\(index + 1)",
                "\(isText ? "text" : "binary") of \(size) bytes\(isChopped ? " in chops of 997" : "")",
                [Frame(isText ? Frame.Opcode.text : Frame.Opcode.binary, payload)],
                chop: isChopped ? .bytes(997) : .together, expected: [.message(isText: isText, payload)])
        }
    }

    /// Section 2.
    static let pings: [Case] = {
        let odd: [UInt8] = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF]
        let full = [UInt8](repeating: 0xFE, count: 125)
        let ten = (0..<10).map { Frame.ping("payload-\($0)") }
        let tenPongs = (0..<10).map { RawPeer.Received.pong("payload-\($0)") }
        let unsolicited = Frame(Frame.Opcode.pong, Array("unsolicited pong payload".utf8))
        return [
            frames("2.1", "ping without payload", [.ping()], expected: [.pong("")]),
            frames("2.2", "ping with text", [.ping("Hello, world!")], expected: [.pong("Hello, world!")]),
            frames("2.3", "ping with binary payload", [Frame(Frame.Opcode.ping, odd)], expected: [.pong(odd)]),
            frames("2.4", "ping of 125 bytes", [Frame(Frame.Opcode.ping, full)], expected: [.pong(full)]),
            frames(
                "2.5", "ping of 126 bytes", [Frame(Frame.Opcode.ping, full + [0xFE])],
                ending: .failed([protocolError])),
            frames(
                "2.6", "ping of 125 bytes, byte by byte", [Frame(Frame.Opcode.ping, full)], chop: .bytes(1),
                expected: [.pong(full)]),
            frames("2.7", "unsolicited pong without payload", [Frame(Frame.Opcode.pong)]),
            frames("2.8", "unsolicited pong with payload", [unsolicited]),
            frames(
                "2.9", "unsolicited pong, then a ping", [unsolicited, .ping("ping payload")],
                expected: [.pong("ping payload")]),
            frames("2.10", "ten pings", ten, expected: tenPongs),
            frames("2.11", "ten pings, byte by byte", ten, chop: .bytes(1), expected: tenPongs),
        ]
    }()

    /// Section 3.
    static let reservedBits: [Case] = {
        func afterText(_ number: String, _ reserved: UInt8, _ chop: RawPeer.Chop, _ how: String) -> Case {
            frames(
                number, "text, then text with RSV = \(reserved), then ping\(how)",
                [.text("Hello, world!"), .text("Hello, world!", reserved: reserved), .ping()], chop: chop,
                expected: [.text("Hello, world!")], tolerated: [], ending: .failed([protocolError]))
        }
        func alone(_ number: String, _ frame: Frame, _ title: String) -> Case {
            frames(number, title, [frame], ending: .failed([protocolError]))
        }
        return [
            alone("3.1", .text("Hello, world!", reserved: 1), "text with RSV = 1"),
            afterText("3.2", 2, .together, ""),
            afterText("3.3", 3, .frames, ", frame by frame"),
            afterText("3.4", 4, .bytes(1), ", byte by byte"),
            alone("3.5", Frame(Frame.Opcode.binary, [0x00, 0xFF, 0xFE], reserved: 5), "binary with RSV = 5"),
            alone("3.6", Frame(Frame.Opcode.ping, Array("ping".utf8), reserved: 6), "ping with RSV = 6"),
            alone("3.7", Frame(Frame.Opcode.close, [0x03, 0xE8], reserved: 7), "close with RSV = 7"),
        ]
    }()

    /// Section 4: opcodes that mean nothing.
    static let opcodes: [Case] = opcodes(3...7, "4.1") + opcodes(11...15, "4.2")

    private static func opcodes(_ range: ClosedRange<UInt8>, _ section: String) -> [Case] {
        range.enumerated().map { index, opcode in
            let frame = Frame(opcode, index % 2 == 1 || index == 4 ? Array("reserved opcode payload".utf8) : [])
            let isAlone = index < 2
            return frames(
                "\(section).\(index + 1)",
                isAlone
                    ? "opcode \(opcode)"
                    : "text, then opcode \(opcode), then ping\(index == 4 ? ", byte by byte" : "")",
                isAlone ? [frame] : [.text("Hello, world!"), frame, .ping()],
                chop: index == 4 ? .bytes(1) : .together, expected: isAlone ? [] : [.text("Hello, world!")],
                tolerated: [], ending: .failed([protocolError]))
        }
    }
}
