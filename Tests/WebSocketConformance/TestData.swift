/// What is sent in cases about size: the catalogue's repeated words, and stand-ins of the same nature for its files.
enum TestData: Sendable, CaseIterable {
    case textPattern, binaryPattern
    case json, bitmap, prose, html, document

    var isText: Bool {
        switch self {
        case .textPattern, .json, .html: true
        case .binaryPattern, .bitmap, .prose, .document: false
        }
    }

    /// The message with a number; messages go round in the file.
    func message(_ index: Int, size: Int) -> [UInt8] {
        guard size > 0 else { return [] }
        let file = Self.files[self] ?? [0]
        var message: [UInt8] = []
        message.reserveCapacity(size)
        var start = index &* size % file.count
        while message.count < size {
            let end = min(file.count, start + size - message.count)
            message += file[start..<end]
            start = 0
        }
        return message
    }

    private static let files = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.file()) })

    private func file() -> [UInt8] {
        var generator = Generator()
        return switch self {
        case .textPattern: Array("BAsd7&jh23".utf8)
        case .binaryPattern: [0x00, 0xFE, 0x23, 0x00, 0xFF, 0x80, 0x07]
        case .json: generator.json()
        case .bitmap: generator.bitmap()
        case .prose: generator.prose(words: 36_000)
        case .html: generator.html()
        case .document: generator.document()
        }
    }
}

/// Makes the files, the same ones every time.
private struct Generator: RandomNumberGenerator {
    private static let syllables = [
        "ge", "ver", "faust", "en", "lich", "die", "und", "st", "er", "wa", "kei", "ten", "zu",
    ]
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func word() -> String {
        (0..<Int.random(in: 1...4, using: &self)).map { _ in Self.syllables.randomElement(using: &self) ?? "" }.joined()
    }

    mutating func prose(words: Int) -> [UInt8] {
        Array((0..<words).map { index in word() + (index % 9 == 8 ? ",\r\n" : " ") }.joined().utf8)
    }

    mutating func json() -> [UInt8] {
        let entries = (0..<2000).map { index in
            "{\"id\": \(index), \"name\": \"\(word())\", \"value\": \(Double(next() % 100_000) / 7), \"tags\": [\"\(word())\"]}"
        }
        return Array("[\(entries.joined(separator: ",\n "))]".utf8)
    }

    mutating func html() -> [UInt8] {
        let rows = (0..<3000).map {
            "<tr class=\"r\($0 % 2)\"><td><a href=\"/\(word())\">\(word())</a></td><td>\(word())</td></tr>"
        }
        return Array("<html><body><table>\(rows.joined(separator: "\n"))</table></body></html>".utf8)
    }

    mutating func bitmap() -> [UInt8] {
        (0..<512 * 512).map { index in
            UInt8(truncatingIfNeeded: (index % 512 + index / 512) / 4 + Int(next() % 6))
        }
    }

    /// Most of a PDF is compressed already.
    mutating func document() -> [UInt8] {
        (0..<100).flatMap { _ in prose(words: 40) + (0..<3000).map { _ in UInt8(truncatingIfNeeded: next() >> 32) } }
    }
}
