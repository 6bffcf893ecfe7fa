import Wire

/// A value as JSON text (RFC 8259), members in alphabetical order; a number that is not finite is written as null.
package func encodedJSON(_ value: JSON) -> [UInt8] {
    var text: [UInt8] = []
    text.appendJSON(value)
    return text
}

extension [UInt8] {
    mutating func appendJSON(_ value: JSON) {
        switch value {
        case .null: append(contentsOf: "null".utf8)
        case .bool(let flag): append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): append(contentsOf: String(number).utf8)
        case .number(let number): appendJSON(number)
        case .string(let text): appendJSON(text)
        case .array(let elements): appendJSON(elements)
        case .object(let members): appendJSON(members)
        }
    }

    private mutating func appendJSON(_ number: Double) {
        guard number.isFinite else { return append(contentsOf: "null".utf8) }
        let text = number.description
        append(contentsOf: text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...])
    }

    /// RFC 8259 §7: what is not escaped is UTF-8.
    mutating func appendJSON(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x0A: append(contentsOf: "\\n".utf8)
            case 0x0D: append(contentsOf: "\\r".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case ..<0x20:
                append(contentsOf: byte < 0x10 ? "\\u000".utf8 : "\\u00".utf8)
                append(contentsOf: String(byte, radix: 16).utf8)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendJSON(_ elements: [JSON]) {
        append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            appendJSON(element)
        }
        append(UInt8(ascii: "]"))
    }

    private mutating func appendJSON(_ members: [String: JSON]) {
        append(UInt8(ascii: "{"))
        for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            appendJSON(member.key)
            append(UInt8(ascii: ":"))
            appendJSON(member.value)
        }
        append(UInt8(ascii: "}"))
    }
}
