/// Reads the tokens of a header value, front to back (RFC 3261 §25.1).
struct Lexer {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { isAtEnd ? nil : bytes[position] }

    mutating func skipWhitespace() {
        while let byte = next, byte.isWhitespace { position += 1 }
    }

    /// Takes that character if it is next, and the whitespace on both sides of it.
    mutating func take(_ character: Character) -> Bool {
        let start = position
        skipWhitespace()
        guard let byte = next, byte == character.asciiValue else {
            position = start
            return false
        }
        position += 1
        skipWhitespace()
        return true
    }

    /// The bytes up to the first that does not satisfy the condition.
    mutating func takeWhile(_ condition: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = next, condition(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func takeToken() -> String? {
        let token = takeWhile(\.isTokenCharacter)
        return token.isEmpty ? nil : token
    }

    /// A quoted string as it stands, quotes included.
    mutating func takeQuotedString() throws(Malformed) -> String {
        let start = position
        guard next == UInt8(ascii: "\"") else { throw .quotedString }
        position += 1
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes[start..<position], as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard !isAtEnd else { throw .quotedString }
                position += 1
            }
        }
        throw .quotedString
    }

    /// A decimal number without sign that fits, which is then at most 2³² − 1.
    mutating func takeNumber() -> UInt32? {
        UInt32(takeWhile(\.isDigit))
    }

    /// Everything that is left.
    mutating func takeRest() -> String { takeWhile { _ in true } }
}

extension UInt8 {
    var isWhitespace: Bool { self == 0x20 || self == 0x09 }
    var isDigit: Bool { 0x30...0x39 ~= self }
    var isHexDigit: Bool { isDigit || 0x61...0x66 ~= self | 0x20 }
    var isAlphanumeric: Bool { isDigit || 0x61...0x7A ~= self | 0x20 }

    /// `token` of RFC 3261 §25.1.
    var isTokenCharacter: Bool {
        isAlphanumeric || "-.!%*_+`'~".utf8.contains(self)
    }
}

extension String {
    var isToken: Bool { !isEmpty && utf8.allSatisfy(\.isTokenCharacter) }

    /// The text between the quotes with every escape taken back; anything else as it is.
    var unquoted: String {
        guard utf8.count >= 2, utf8.first == UInt8(ascii: "\""), utf8.last == UInt8(ascii: "\"") else { return self }
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in utf8.dropFirst().dropLast() {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// The text as a quoted string.
    var quoted: String {
        var escaped = "\""
        for character in unicodeScalars {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.unicodeScalars.append(character)
        }
        return escaped + "\""
    }

    /// The pieces between commas that stand outside quotes and angle brackets, without the whitespace around them.
    var commaSeparated: [String] {
        var pieces: [String] = []
        var start = utf8.startIndex
        var isQuoted = false
        var isEscaped = false
        var isBracketed = false
        for index in utf8.indices {
            switch utf8[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case _ where isQuoted: break
            case UInt8(ascii: "<"): isBracketed = true
            case UInt8(ascii: ">"): isBracketed = false
            case UInt8(ascii: ",") where !isBracketed:
                pieces.append(self[start..<index].trimmed)
                start = utf8.index(after: index)
            default: break
            }
        }
        pieces.append(self[start...].trimmed)
        return pieces
    }
}

extension StringProtocol {
    /// The text without the spaces and tabs around it.
    var trimmed: String {
        let bytes = Array(utf8)
        guard let first = bytes.firstIndex(where: { !$0.isWhitespace }),
            let last = bytes.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
