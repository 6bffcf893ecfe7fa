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
        get { index(of: name).flatMap { all[$0].value?.unquoted } }
        set {
            let found = index(of: name)
            switch (newValue, found) {
            case (let value?, let index?): all[index].value = value.asParameterValue
            case (let value?, nil): all.append(Parameter(name, value.asParameterValue))
            case (nil, let index?): all.remove(at: index)
            case (nil, nil): break
            }
        }
    }

    /// Whether a parameter of that name is there, with a value or without.
    package func contains(_ name: String) -> Bool { index(of: name) != nil }

    /// Adds a parameter without a value unless it is there.
    package mutating func insertFlag(_ name: String) {
        if !contains(name) { all.append(Parameter(name)) }
    }

    private func index(of name: String) -> Int? {
        all.firstIndex { $0.name.lowercased() == name.lowercased() }
    }
}

extension Parameters: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String?)...) {
        all = elements.map { Parameter($0, $1?.asParameterValue) }
    }
}

extension Parameters: CustomStringConvertible {
    package var description: String {
        all.map { parameter in parameter.value.map { ";\(parameter.name)=\($0)" } ?? ";\(parameter.name)" }.joined()
    }
}

extension Parameters {
    /// Takes every `;name=value` that comes next in a header value (`generic-param`, RFC 3261 §25.1).
    init(from lexer: inout Lexer) throws(Malformed) {
        all = []
        while lexer.take(";") {
            guard let name = lexer.takeToken() else { throw .parameter }
            guard lexer.take("=") else {
                all.append(Parameter(name))
                continue
            }
            let isQuoted = lexer.next == UInt8(ascii: "\"")
            let value = isQuoted ? try lexer.takeQuotedString() : lexer.takeWhile(\.isParameterCharacter)
            guard !value.isEmpty else { throw .parameter }
            all.append(Parameter(name, value))
        }
    }

    /// The parameters of a URI, the text behind its first semicolon (`uri-parameter`, RFC 3261 §25.1).
    init(ofURI text: some StringProtocol) throws(Malformed) {
        all = []
        for piece in text.split(separator: ";", omittingEmptySubsequences: false) {
            let parts = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { throw .parameter }
            all.append(Parameter(String(name), parts.count == 2 ? String(parts[1]) : nil))
        }
    }
}

extension UInt8 {
    /// What stands unquoted in the value of a header parameter: a token, a host, an address.
    fileprivate var isParameterCharacter: Bool {
        !isWhitespace && !";,\"<>".utf8.contains(self)
    }
}

extension String {
    fileprivate var asParameterValue: String {
        !isEmpty && utf8.allSatisfy { $0.isTokenCharacter || "[]:/@".utf8.contains($0) } ? self : quoted
    }
}
