import Foundation
import FoundationXML
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
            case "\n", "\r", "\t": text += " "
            default: text.append(character)
            }
        }
    }
}

extension Element {
    /// Parses a body; nil if it is not well-formed, too large, nested too deep, or declares a document type (and with it
    /// entities).
    init?(document: [UInt8]) {
        guard document.count <= 65_536, !Self.declaresDocumentType(document) else { return nil }
        let parser = XMLParser(data: Data(document))
        parser.shouldResolveExternalEntities = false
        let builder = ElementBuilder()
        parser.delegate = builder
        guard parser.parse(), let root = builder.root else { return nil }
        self = root
    }

    /// The platform's own encoding is UTF-8; another one could hide a declaration, so a NUL byte is refused with it.
    private static func declaresDocumentType(_ document: [UInt8]) -> Bool {
        document.contains(0)
            || String(decoding: document, as: UTF8.self).range(of: "<!DOCTYPE", options: .caseInsensitive) != nil
    }

    mutating func append(_ child: Element) {
        children.append(child)
    }
}

private final class ElementBuilder: NSObject, XMLParserDelegate {
    private static let deepest = 8
    private var open: [Element] = []
    private(set) var root: Element?

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        guard open.count < Self.deepest else { return parser.abortParsing() }
        open.append(Element(name, attributes))
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard let closed = open.popLast() else { return }
        if open.isEmpty {
            root = closed
        } else {
            open[open.count - 1].append(closed)
        }
    }
}
