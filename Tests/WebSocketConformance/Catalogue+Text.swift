extension Catalogue {
    /// "κόσμε", whose prefixes are section 6.6.
    private static let kosme = Array("κ\u{1F79}σμε".utf8)
    private static let edited = Array("edited".utf8)

    /// Section 6.
    static let text: [Case] = emptyFragments + validText + invalidText + failFast + sequences

    private static let emptyFragments: [Case] = {
        func fragments(_ middle: String) -> [Frame] {
            [.text("", isFinal: false), .continuation(middle, isFinal: false), .continuation("", isFinal: true)]
        }
        return [
            frames("6.1.1", "empty text", [.text("")], expected: [.text("")]),
            frames("6.1.2", "text in three empty fragments", fragments(""), expected: [.text("")]),
            frames(
                "6.1.3", "text in three fragments, only the middle one not empty",
                fragments("middle frame payload"), expected: [.text("middle frame payload")]),
        ]
    }()

    private static let validText: [Case] = {
        let greeting = "Hello-µ@ßöäüàá-UTF-8!!"
        let bytes = Array(greeting.utf8)
        let parts = [Frame.text("Hello-µ@ßöä", isFinal: false), .continuation("üàá-UTF-8!!", isFinal: true)]
        return [
            frames("6.2.1", "valid UTF-8 in one fragment", [.text(greeting)], expected: [.text(greeting)]),
            frames("6.2.2", "valid UTF-8, cut between characters", parts, expected: [.text(greeting)]),
            frames(
                "6.2.3", "valid UTF-8 in fragments of a byte",
                Frame.fragments(of: bytes, opcode: Frame.Opcode.text, size: 1), expected: [.text(greeting)]),
            frames(
                "6.2.4", "more valid UTF-8 in fragments of a byte",
                Frame.fragments(of: kosme, opcode: Frame.Opcode.text, size: 1),
                expected: [.message(isText: true, kosme)]),
        ]
    }()

    private static let invalidText: [Case] = {
        let bytes = kosme + [0xED, 0xA0, 0x80] + edited
        return [
            frames(
                "6.3.1", "invalid UTF-8 in one fragment", [Frame(Frame.Opcode.text, bytes)],
                ending: .failed([invalidPayload])),
            frames(
                "6.3.2", "invalid UTF-8 in fragments of a byte",
                Frame.fragments(of: bytes, opcode: Frame.Opcode.text, size: 1), ending: .failed([invalidPayload])),
        ]
    }()

    /// The peer must not wait for the end of the message, nor for that of the frame.
    private static let failFast: [Case] = {
        let early = [kosme, [0xF4, 0x90, 0x80, 0x80], edited]
        let late = [kosme + [0xF4], [0x90], [0x80, 0x80] + edited]
        func fragments(_ parts: [[UInt8]]) -> [[Case.Step]] {
            parts.enumerated().map { index, part in
                [
                    .send([
                        Frame(index == 0 ? Frame.Opcode.text : Frame.Opcode.continuation, part, isFinal: index == 2)
                    ])
                ]
            }
        }
        func failing(_ number: String, _ title: String, _ parts: [[Case.Step]]) -> Case {
            Case(
                number, title,
                Case.Script(
                    steps: parts[0] + [.silence] + parts[1] + [.failNow] + parts[2], ending: .failed([invalidPayload])))
        }
        return [
            failing("6.4.1", "invalid UTF-8 in the second of three fragments", fragments(early)),
            failing("6.4.2", "as 6.4.1, the impossible byte alone", fragments(late)),
            failing("6.4.3", "as 6.4.1, but pieces of one frame", pieces(early)),
            failing("6.4.4", "as 6.4.2, but pieces of one frame", pieces(late)),
        ]
    }()

    private static func pieces(_ parts: [[UInt8]]) -> [[Case.Step]] {
        let frame = Frame(Frame.Opcode.text, parts.flatMap { $0 })
        let ends = parts.indices.map { parts[...$0].reduce(0) { $0 + $1.count } }
        return parts.indices.map { index in
            [.sendPart(of: frame, payload: (index == 0 ? 0 : ends[index - 1])..<ends[index])]
        }
    }

    /// Sections 6.5 to 6.23: Markus Kuhn's stress test for decoders of UTF-8.
    private static let sequences: [Case] = zip(5..., UTF8Sequences.sections).flatMap { section, content in
        zip(1..., content.sequences).map { index, sequence in
            let hex = sequence.bytes.map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            return frames(
                "6.\(section).\(index)", "\(content.title): \(hex.count > 32 ? hex.prefix(32) + "…" : hex[...])",
                [Frame(Frame.Opcode.text, sequence.bytes)],
                expected: sequence.isValid ? [.message(isText: true, sequence.bytes)] : [],
                ending: sequence.isValid ? .clean : .failed([invalidPayload]))
        }
    }
}
