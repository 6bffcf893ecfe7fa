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

    package private(set) var fields: [Field]

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

    /// The elements of the comma-separated fields of that name, such as the option tags of Require.
    package func list(_ name: HeaderName) -> [String] {
        all(name).flatMap(\.commaSeparated).filter { !$0.isEmpty }
    }

    /// The addresses of the fields of that name; none for the `*` of a Contact.
    package func addresses(_ name: HeaderName) throws(Malformed) -> [NameAddress] {
        var addresses: [NameAddress] = []
        for value in all(name) where value.trimmed != "*" {
            addresses += try NameAddress.list(parsing: value)
        }
        return addresses
    }

    package mutating func append(_ name: HeaderName, _ value: String) {
        fields.append(Field(name, value))
    }

    /// Joins a folded line to the field it continues (RFC 3261 §7.3.1); false when there is none.
    mutating func continueLast(with text: String) -> Bool {
        guard let last = fields.indices.last else { return false }
        fields[last].value = (fields[last].value + " " + text).trimmed
        return true
    }

    package mutating func append(_ more: Headers) {
        fields += more.fields
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
