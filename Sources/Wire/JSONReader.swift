extension JSON {
    /// A JSON text (RFC 8259) in UTF-8, of arrays and objects 64 deep at most; of members with one name the last counts.
    ///
    /// A number without a fraction is an integer, however it is written, if it fits one.
    package init(parsing text: [UInt8]) throws(JSONReader.Malformed) {
        var reader = JSONReader(text)
        self = try reader.text()
    }
}

/// Reads a JSON text in time that its length alone decides.
package struct JSONReader: Sendable {
    package enum Malformed: Error { case text }

    private static let deepest = 64
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let bytes: [UInt8]
    private var position = 0

    fileprivate init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// RFC 8259 §2; §8.1 lets a byte order mark be ignored.
    fileprivate mutating func text() throws(Malformed) -> JSON {
        if bytes.starts(with: Self.byteOrderMark) { position = Self.byteOrderMark.count }
        let value = try value(depth: 0)
        guard next == nil else { throw .text }
        return value
    }

    private mutating func value(depth: Int) throws(Malformed) -> JSON {
        guard depth <= Self.deepest else { throw .text }
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func members(depth: Int) throws(Malformed) -> [String: JSON] {
        position += 1
        var members: [String: JSON] = [:]
        if take("}") { return members }
        repeat {
            guard next == UInt8(ascii: "\"") else { throw .text }
            let name = try string()
            guard take(":") else { throw .text }
            members[name] = try value(depth: depth)
        } while take(",")
        guard take("}") else { throw .text }
        return members
    }

    private mutating func elements(depth: Int) throws(Malformed) -> [JSON] {
        position += 1
        var elements: [JSON] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth)) } while take(",")
        guard take("]") else { throw .text }
        return elements
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(Malformed) -> JSON {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, word.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) }) else { throw .text }
        position = end
        return value
    }
}

/// Strings (RFC 8259 §7).
extension JSONReader {
    private mutating func string() throws(Malformed) -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw .text }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw .text
            default: text.append(byte)
            }
        }
        throw .text
    }

    private mutating func escape(into text: inout [UInt8]) throws(Malformed) {
        guard position < bytes.count else { throw .text }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Character(try escapedScalar()).utf8)
        default: throw .text
        }
    }

    /// Half of a pair alone is no character.
    private mutating func escapedScalar() throws(Malformed) -> Unicode.Scalar {
        var code = try fourDigits()
        if 0xD800..<0xDC00 ~= code {
            guard bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { throw .text }
            position += 2
            let low = try fourDigits()
            guard 0xDC00..<0xE000 ~= low else { throw .text }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .text }
        return scalar
    }

    private mutating func fourDigits() throws(Malformed) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4 else { throw .text }
        position += 4
        var code: UInt32 = 0
        for byte in digits {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { throw .text }
            code = code << 4 + UInt32(digit)
        }
        return code
    }
}

/// Numbers (RFC 8259 §6).
extension JSONReader {
    private mutating func number() throws(Malformed) -> JSON {
        let start = position
        if peek("-") { position += 1 }
        if peek("0") { position += 1 } else { try digits() }
        var isWhole = true
        if peek(".") {
            isWhole = false
            position += 1
            try digits()
        }
        if peek("e") || peek("E") {
            isWhole = false
            position += 1
            if peek("+") || peek("-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw .text }
        return Int64(exactly: number).map(JSON.integer) ?? .number(number)
    }

    private mutating func digits() throws(Malformed) {
        let start = position
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
        guard position > start else { throw .text }
    }
}

extension JSONReader {
    /// The first byte of what comes behind whitespace, nil at the end.
    private var next: UInt8? {
        mutating get {
            while position < bytes.count {
                switch bytes[position] {
                case 0x20, 0x09, 0x0A, 0x0D: position += 1
                case let byte: return byte
                }
            }
            return nil
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func peek(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }
}
