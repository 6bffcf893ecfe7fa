/// The header fields of a message in the order they were written (RFC 3261 §7.3).
package struct Headers: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package var name: HeaderName
        package var value: String

        package init(_ name: HeaderName, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var fields: [Field] = []

    package init(_ fields: [Field] = []) { self.fields = fields }

    /// The first field of that name; setting it replaces every field of that name.
    package subscript(name: HeaderName) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            guard let newValue else { return remove(name) }
            guard let first = fields.firstIndex(where: { $0.name == name }) else { return append(name, newValue) }
            remove(name)
            fields.insert(Field(name, newValue), at: first)
        }
    }

    /// The value of each field of that name, undivided.
    package func all(_ name: HeaderName) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    package mutating func append(_ name: HeaderName, _ value: String) {
        fields.append(Field(name, value))
    }

    package mutating func remove(_ name: HeaderName) {
        fields.removeAll { $0.name == name }
    }
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (HeaderName, String)...) {
        fields = elements.map { Field($0, $1) }
    }
}
