import Wire

/// One XML element with attributes and child elements: all the XML the platform's bodies are made of.
///
/// Strict and small: no text content, comments, document types or references other than the five predefined and numeric
/// ones, at most ``nestingLimit`` levels.
package struct Element: Sendable, Equatable {
    package struct Attribute: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package enum Malformed: Error, Equatable {
        case unexpectedEnd
        case unexpectedCharacter
        case unknownReference
        case duplicateAttribute
        case mismatchedTag
        case tooDeep
    }

    package var name: String
    package var attributes: [Attribute]
    package var children: [Element]

    package init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Element] = []) {
        self.name = name
        self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value) }
        self.children = children
    }

    package subscript(name: String) -> String? {
        attributes.first { $0.name == name }?.value
    }

    package static let nestingLimit = 8

    /// A whole document: an optional declaration and one element.
    package init(parsing bytes: Span<UInt8>) throws(Malformed) {
        var parser = ElementParser(text: String(bytes))
        self = try parser.document()
    }

    /// The body of a message: the declaration and this element.
    package var document: String {
        #"<?xml version="1.0" encoding="utf-8"?>"# + text
    }

    private var text: String {
        let attributes = attributes.map { " \($0.name)=\"\(Self.escaped($0.value))\"" }.joined()
        guard !children.isEmpty else { return "<\(name)\(attributes)/>" }
        return "<\(name)\(attributes)>" + children.map(\.text).joined() + "</\(name)>"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\n", "\r", "\t", "\r\n": text += character.unicodeScalars.map { "&#\($0.value);" }.joined()
            default: text.append(character)
            }
        }
    }
}
