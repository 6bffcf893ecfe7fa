/// The `;name=value` parameters of a URI or of a header value, in order; names are compared without letter case.
package struct Parameters: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
        package var name: String
        /// As it stands in the message, quotes included; nil for a flag such as `lr`.
        package var value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var all: [Parameter]

    package init(_ all: [Parameter] = []) { self.all = all }

    /// The value of the first parameter of that name, without its quotes; setting nil takes the parameter away.
    package subscript(name: String) -> String? {
        get { nil }
        set {}
    }

    /// Whether a parameter of that name is there, with a value or without.
    package func contains(_ name: String) -> Bool { false }
}
