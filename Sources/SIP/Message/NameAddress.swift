/// A display name, a URI and header parameters, the value of From, To, Contact, Route (RFC 3261 §20.10).
package struct NameAddress: Sendable, Hashable {
    package var displayName: String?
    package var uri: URI
    package var parameters: Parameters

    package init(_ uri: URI, displayName: String? = nil, parameters: Parameters = Parameters()) {
        self.uri = uri
        self.displayName = displayName
        self.parameters = parameters
    }

    package init(parsing text: String) throws(Malformed) {
        throw .uri
    }

    package var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }
}

extension NameAddress: CustomStringConvertible {
    package var description: String { "" }
}
