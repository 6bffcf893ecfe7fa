/// Reads the XML 1.0 the platform's bodies are made of; text, comments and processing instructions are stepped over.
///
/// Deviations: a document type, and with it entities, is malformed, as is an encoding other than UTF-8 and an element
/// nested deeper than eight; every character beyond ASCII may stand in a name.
struct ElementReader {
    enum Malformed: Error { case document }

    private static let deepest = 8

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The root element (§2.1 of the recommendation).
    mutating func document() throws(Malformed) -> Element {
        guard String(validating: bytes, as: UTF8.self) != nil, bytes.allSatisfy(\.isXMLCharacter) else {
            throw .document
        }
        _ = take("\u{FEFF}")
        try skipDeclaration()
        try skipBetweenElements()
        let root = try element(depth: 1)
        try skipBetweenElements()
        guard position == bytes.count else { throw .document }
        return root
    }

    /// §2.8; `<?xml` alone may also begin the name of an instruction.
    private mutating func skipDeclaration() throws(Malformed) {
        let start = position
        guard take("<?xml"), next?.isXMLWhitespace == true else { return position = start }
        let declared = try attributes()
        guard declared["version"] != nil, declared["encoding"].map({ $0.lowercased() == "utf-8" }) ?? true else {
            throw .document
        }
        try expect("?>")
    }

    private mutating func element(depth: Int) throws(Malformed) -> Element {
        guard depth <= Self.deepest else { throw .document }
        try expect("<")
        let name = try name()
        var element = Element(name, try attributes())
        if take("/>") { return element }
        try expect(">")
        while !take("</") {
            guard let next else { throw .document }
            if next == UInt8(ascii: "&") {
                _ = try reference()
            } else if next != UInt8(ascii: "<") {
                guard !take("]]>") else { throw .document }
                position += 1
            } else if take("<![CDATA[") {
                try skip(past: "]]>")
            } else if try !skipRemark() {
                element.append(try self.element(depth: depth + 1))
            }
        }
        guard try self.name() == name else { throw .document }
        skipWhitespace()
        try expect(">")
        return element
    }

    /// The attributes of a tag and the whitespace behind them (§3.1).
    private mutating func attributes() throws(Malformed) -> [String: String] {
        var attributes: [String: String] = [:]
        while skipWhitespace(), next?.startsName == true {
            let name = try name()
            skipWhitespace()
            try expect("=")
            skipWhitespace()
            guard attributes.updateValue(try attributeValue(), forKey: name) == nil else { throw .document }
        }
        return attributes
    }

    /// Line ends and tabs become spaces (§2.11, §3.3.3).
    private mutating func attributeValue() throws(Malformed) -> String {
        guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .document }
        position += 1
        var value: [UInt8] = []
        while let byte = next, byte != quote {
            switch byte {
            case UInt8(ascii: "<"): throw .document
            case UInt8(ascii: "&"): value += Array(String(try reference()).utf8)
            case _ where byte.isXMLWhitespace:
                if !take("\r\n") { position += 1 }
                value.append(UInt8(ascii: " "))
            default:
                value.append(byte)
                position += 1
            }
        }
        guard next == quote else { throw .document }
        position += 1
        return String(decoding: value, as: UTF8.self)
    }

    /// A predefined entity or a character by its number (§4.1, §4.6).
    private mutating func reference() throws(Malformed) -> Character {
        for (text, character) in Self.predefined where take(text) { return character }
        let radix = take("&#x") ? 16 : take("&#") ? 10 : 0
        let start = position
        while let byte = next, byte != UInt8(ascii: ";"), position - start < 8 { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard radix > 0, digits.utf8.first != UInt8(ascii: "+"), let number = UInt32(digits, radix: radix),
            let scalar = Unicode.Scalar(number), number >= 0x20 || number == 9 || number == 10 || number == 13
        else { throw .document }
        try expect(";")
        return Character(scalar)
    }

    private static let predefined: [(String, Character)] = [
        ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"),
    ]

    private mutating func name() throws(Malformed) -> String {
        let start = position
        guard next?.startsName == true else { throw .document }
        while next?.continuesName == true { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}

extension ElementReader {
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBetweenElements() throws(Malformed) {
        repeat { skipWhitespace() } while try skipRemark()
    }

    /// Steps over a comment or a processing instruction if one is next (§2.5, §2.6).
    private mutating func skipRemark() throws(Malformed) -> Bool {
        if take("<!--") {
            try skip(past: "--")
            try expect(">")
            return true
        }
        guard take("<?") else { return false }
        guard try name().lowercased() != "xml" else { throw .document }
        try skip(past: "?>")
        return true
    }

    /// Whether there was whitespace to skip.
    @discardableResult
    private mutating func skipWhitespace() -> Bool {
        let start = position
        while next?.isXMLWhitespace == true { position += 1 }
        return position > start
    }

    private mutating func skip(past end: String) throws(Malformed) {
        while !take(end) {
            guard position < bytes.count else { throw .document }
            position += 1
        }
    }

    private mutating func expect(_ text: String) throws(Malformed) {
        guard take(text) else { throw .document }
    }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }
}

extension UInt8 {
    fileprivate var isXMLWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }

    fileprivate var isXMLCharacter: Bool { self >= 0x20 || isXMLWhitespace }

    fileprivate var startsName: Bool {
        0x61...0x7A ~= self | 0x20 || self == UInt8(ascii: "_") || self == UInt8(ascii: ":") || self >= 0x80
    }

    fileprivate var continuesName: Bool {
        startsName || 0x30...0x39 ~= self || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
    }
}
