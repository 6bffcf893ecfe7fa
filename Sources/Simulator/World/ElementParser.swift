/// Reads the subset of XML 1.0 that ``Element`` stands for, left to right.
struct ElementParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func document() throws(Element.Malformed) -> Element {
        if next == "\u{FEFF}" { position += 1 }
        skipSpace()
        if skip("<?xml") {
            while !skip("?>") { _ = try take() }
        }
        skipSpace()
        let root = try element(depth: 1)
        skipSpace()
        guard next == nil else { throw .unexpectedCharacter }
        return root
    }

    private mutating func element(depth: Int) throws(Element.Malformed) -> Element {
        guard depth <= Element.nestingLimit else { throw .tooDeep }
        try expect("<")
        var element = Element(try name())
        while true {
            let tagPart = position
            skipSpace()
            if skip("/>") { return element }
            if skip(">") { break }
            guard position > tagPart else { throw next == nil ? .unexpectedEnd : .unexpectedCharacter }
            let attribute = try attribute()
            guard element[attribute.name] == nil else { throw .duplicateAttribute }
            element.attributes.append(attribute)
        }
        skipSpace()
        while !skip("</") {
            element.children.append(try self.element(depth: depth + 1))
            skipSpace()
        }
        guard try name() == element.name else { throw .mismatchedTag }
        skipSpace()
        try expect(">")
        return element
    }

    private mutating func attribute() throws(Element.Malformed) -> Element.Attribute {
        let name = try name()
        skipSpace()
        try expect("=")
        skipSpace()
        let quote = try take()
        guard quote == "\"" || quote == "'" else { throw .unexpectedCharacter }
        var value = String.UnicodeScalarView()
        while true {
            switch try take() {
            case quote: return Element.Attribute(name: name, value: String(value))
            case "<": throw .unexpectedCharacter
            case "&": value.append(try reference())
            case "\n", "\r", "\t": value.append(" ")
            case let scalar: value.append(scalar)
            }
        }
    }

    /// What follows an ampersand.
    private mutating func reference() throws(Element.Malformed) -> Unicode.Scalar {
        var text = ""
        while true {
            let scalar = try take()
            if scalar == ";" { break }
            guard text.unicodeScalars.count < 10 else { throw .unknownReference }
            text.unicodeScalars.append(scalar)
        }
        switch text {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let number =
                text.hasPrefix("#x")
                ? UInt32(text.dropFirst(2), radix: 16) : text.hasPrefix("#") ? UInt32(text.dropFirst()) : nil
            guard let number, number != 0, let scalar = Unicode.Scalar(number) else { throw .unknownReference }
            return scalar
        }
    }

    private mutating func name() throws(Element.Malformed) -> String {
        var name = String.UnicodeScalarView()
        while let scalar = next, Self.isNamePart(scalar) {
            name.append(scalar)
            position += 1
        }
        guard let first = name.first else { throw next == nil ? .unexpectedEnd : .unexpectedCharacter }
        guard first.properties.isAlphabetic || first == "_" else { throw .unexpectedCharacter }
        return String(name)
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || "0"..."9" ~= scalar || scalar == "_" || scalar == "-" || scalar == "."
            || scalar == ":"
    }
}

extension ElementParser {
    private var next: Unicode.Scalar? {
        position < scalars.count ? scalars[position] : nil
    }

    private mutating func take() throws(Element.Malformed) -> Unicode.Scalar {
        guard let scalar = next else { throw .unexpectedEnd }
        position += 1
        return scalar
    }

    private mutating func expect(_ scalar: Unicode.Scalar) throws(Element.Malformed) {
        guard try take() == scalar else { throw .unexpectedCharacter }
    }

    private mutating func skip(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    private mutating func skipSpace() {
        while let scalar = next, scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t" { position += 1 }
    }
}
