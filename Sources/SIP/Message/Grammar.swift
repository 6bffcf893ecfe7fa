// The character classes of RFC 3261 §25.1, and the shapes of text that several headers share.

extension UInt8 {
    var isWhitespace: Bool { self == 0x20 || self == 0x09 }
    var isDigit: Bool { 0x30...0x39 ~= self }
    var isHexDigit: Bool { isDigit || 0x61...0x66 ~= self | 0x20 }
    var isAlphanumeric: Bool { isDigit || 0x61...0x7A ~= self | 0x20 }

    /// `token` of RFC 3261 §25.1.
    var isTokenCharacter: Bool { isAny(of: 0x03FF_6CA2_0000_0000, 0x47FF_FFFF_87FF_FFFE) }

    /// What a host name is made of; underscores are let through, as names inside networks have them.
    var isHostCharacter: Bool { isAny(of: 0x03FF_6000_0000_0000, 0x07FF_FFFE_87FF_FFFE) }

    /// Printable ASCII without what ends or quotes a URI.
    var isURICharacter: Bool { isAny(of: 0xAFFF_FFFA_0000_0000, 0x47FF_FFFF_AFFF_FFFF) }

    /// Whether it is one of a set of ASCII characters: a bit for each, those below 64 first.
    private func isAny(of low: UInt64, _ high: UInt64) -> Bool {
        self < 0x80 && (self < 0x40 ? low : high) &>> UInt64(self & 0x3F) & 1 == 1
    }

    /// The letter in lower case; anything else as it is.
    var lowercased: UInt8 { 0x41...0x5A ~= self ? self | 0x20 : self }
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
