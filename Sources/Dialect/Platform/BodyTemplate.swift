/// A body with named places in it, as in `<cm a="1" c="{ccNumber}"/>`: filled in to be sent, laid over what came to be read.
struct BodyTemplate: Sendable, Equatable {
    private let name: String
    private let fixed: [String: String]
    /// The name of the place each other attribute is.
    private let places: [String: String]

    /// Nil unless `text` is one element with attributes, each of which is a place or has none in it.
    init?(_ text: String) {
        guard let element = Element(document: Array(text.utf8)), element.children.isEmpty else { return nil }
        name = element.name
        var (fixed, places): ([String: String], [String: String]) = ([:], [:])
        for (attribute, value) in element.attributes {
            if value.hasPrefix("{"), value.hasSuffix("}") {
                places[attribute] = String(value.dropFirst().dropLast())
            } else {
                guard !value.contains("{") else { return nil }
                fixed[attribute] = value
            }
        }
        (self.fixed, self.places) = (fixed, places)
    }

    func filled(_ values: [String: String]) -> Element {
        Element(name, fixed.merging(places.mapValues { values[$0] ?? "" }) { $1 })
    }

    /// What stands at each place, empty where there is nothing; nil if it is another body.
    func values(in element: Element) -> [String: String]? {
        guard element.name == name, fixed.allSatisfy({ element[$0.key] == $0.value }) else { return nil }
        return Dictionary(places.map { ($0.value, element[$0.key] ?? "") }) { first, _ in first }
    }
}
