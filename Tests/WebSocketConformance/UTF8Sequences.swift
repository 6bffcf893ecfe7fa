/// Texts that are well-formed UTF-8 or are not, in the order of the catalogue's sections 6.5 to 6.23.
enum UTF8Sequences {
    struct Section: Sendable {
        var title: String
        var sequences: [Sequence]
    }

    struct Sequence: Sendable {
        var isValid: Bool
        var bytes: [UInt8]
    }

    static let sections: [Section] = [
        valid(
            "valid",
            ["hello$world", "hello¢world", "hello€world", "hello\u{24B62}world", "κ\u{1F79}σμε"].map { Array($0.utf8) }),
        prefixes,
        valid("shortest of its length", [[0x00], [0xC2, 0x80], [0xE0, 0xA0, 0x80], [0xF0, 0x90, 0x80, 0x80]]),
        invalid(
            "shortest of five and six",
            [0xF8, 0xFC].enumerated().map { [$1, $0 == 0 ? 0x88 : 0x84] + tail(3 + $0, 0x80) }),
        valid("longest of its length", [[0x7F], [0xDF, 0xBF], [0xEF, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF]]),
        invalid("longest of four to six", [0xF7, 0xFB, 0xFD].enumerated().map { [$1] + tail(3 + $0, 0xBF) }),
        Section(
            title: "boundary",
            sequences: valid(
                "", [[0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBD], [0xF4, 0x8F, 0xBF, 0xBF]]
            )
            .sequences + invalid("", [[0xF4, 0x90, 0x80, 0x80]]).sequences),
        invalid(
            "unexpected continuation",
            [[0x80], [0xBF]] + (2...6).map { count in (0..<count).map { $0 % 2 == 0 ? 0x80 : 0xBF } }
                + [Array(0x80...0xBE)]),
        invalid(
            "lonely start",
            [0xC0...0xDE, 0xE0...0xEE, 0xF0...0xF6, 0xF8...0xFA, 0xFC...0xFC].map { starts in
                starts.flatMap { [$0, 0x20] }
            }),
        invalid("last byte missing", unfinished),
        invalid("several unfinished", [unfinished.flatMap { $0 }]),
        invalid("impossible byte", [[0xFE], [0xFF], [0xFE, 0xFE, 0xFF, 0xFF]]),
        invalid("overlong slash", overlong([0xC0, 0xE0, 0xF0, 0xF8, 0xFC], second: 0x80, rest: 0x80, last: 0xAF)),
        invalid(
            "longest overlong",
            [[0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF]] + [[0xF8, 0x87] + tail(3, 0xBF)]
                + [[0xFC, 0x83] + tail(4, 0xBF)]),
        invalid("overlong NUL", overlong([0xC0, 0xE0, 0xF0, 0xF8, 0xFC], second: 0x80, rest: 0x80, last: 0x80)),
        invalid(
            "surrogate",
            [[0xA0, 0x80], [0xAD, 0xBF], [0xAE, 0x80], [0xAF, 0xBF], [0xB0, 0x80], [0xBE, 0x80], [0xBF, 0xBF]]
                .map { [0xED] + $0 }),
        invalid(
            "pair of surrogates",
            [[0xA0, 0x80], [0xAD, 0xBF], [0xAE, 0x80], [0xAF, 0xBF]].flatMap { high in
                [[0xB0, 0x80], [0xBF, 0xBF]].map { low in [0xED] + high + [0xED] + low }
            }),
        valid("no character", nonCharacters),
        valid("special", (0xB9...0xBF).map { [0xEF, 0xBF, $0] }),
    ]

    private static func valid(_ title: String, _ sequences: [[UInt8]]) -> Section {
        Section(title: title, sequences: sequences.map { Sequence(isValid: true, bytes: $0) })
    }

    private static func invalid(_ title: String, _ sequences: [[UInt8]]) -> Section {
        Section(title: title, sequences: sequences.map { Sequence(isValid: false, bytes: $0) })
    }

    private static func tail(_ count: Int, _ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: count) }

    /// Every prefix of "κόσμε"; valid are those that end with a character.
    private static let prefixes: Section = {
        let text = Array("κ\u{1F79}σμε".utf8)
        let ends = [2, 5, 7, 9, 11]
        return Section(
            title: "prefix",
            sequences: (1...text.count).map { Sequence(isValid: ends.contains($0), bytes: Array(text[..<$0])) })
    }()

    private static let unfinished: [[UInt8]] =
        [0xC0, 0xE0, 0xF0, 0xF8, 0xFC].enumerated().map { [$1] + tail($0, 0x80) }
        + [0xDF, 0xEF, 0xF7, 0xFB, 0xFD].enumerated().map { [$1] + tail($0, 0xBF) }

    private static func overlong(_ starts: [UInt8], second: UInt8, rest: UInt8, last: UInt8) -> [[UInt8]] {
        starts.enumerated().map { index, start in [start] + tail(index, rest) + [last] }
    }

    /// The last two code points of the basic plane and of each of the other sixteen.
    private static let nonCharacters: [[UInt8]] = (0...16).flatMap { plane in
        [0xFFFE, 0xFFFF].compactMap { Unicode.Scalar(UInt32(plane << 16 | $0)) }.map { Array(String($0).utf8) }
    }
}
