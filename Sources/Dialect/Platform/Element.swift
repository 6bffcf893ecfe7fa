import Wire

/// An element of the platform's XML bodies: a name, attributes, child elements; text does not occur.
struct Element: Sendable, Equatable {
    let name: String
    private(set) var attributes: [String: String]
    private(set) var children: [Element] = []

    init(_ name: String, _ attributes: [String: String] = [:]) {
        self.name = name
        self.attributes = attributes
    }

    subscript(attribute: String) -> String? { attributes[attribute] }

    func child(_ name: String) -> Element? { children.first { $0.name == name } }

    /// The attributes as an event's data.
    var data: JSON { .object(attributes.mapValues(JSON.string)) }

    /// The document with this element, attributes in alphabetical order.
    var document: [UInt8] {
        let written = attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\"\(Self.escaped($0.value))\"" }
        return Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><\(name)\(written.joined())/>".utf8)
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case "\"": text += "&quot;"
            case "\n", "\r", "\r\n", "\t": text += " "
            default: text.append(character)
            }
        }
    }
}

extension Element {
    /// Parses a body; nil if it is not well-formed, too large, nested too deep, or declares a document type (and with it
    /// entities).
    init?(document: [UInt8]) {
        guard document.count <= 65_536 else { return nil }
        var reader = ElementReader(document)
        guard let root = try? reader.document() else { return nil }
        self = root
    }

    mutating func append(_ child: Element) {
        children.append(child)
    }
}
