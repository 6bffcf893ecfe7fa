/// A display name, a URI and header parameters: the value of From, To, Contact, Route (RFC 3261 §20.10).
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
        var lexer = Lexer(text)
        try self.init(from: &lexer)
        guard lexer.isAtEnd else { throw .address }
    }

    /// The addresses of a comma-separated value.
    package static func list(parsing text: String) throws(Malformed) -> [NameAddress] {
        var lexer = Lexer(text)
        var addresses = [try NameAddress(from: &lexer)]
        while lexer.take(",") { addresses.append(try NameAddress(from: &lexer)) }
        guard lexer.isAtEnd else { throw .address }
        return addresses
    }

    package var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }
}

extension NameAddress {
    private init(from lexer: inout Lexer) throws(Malformed) {
        lexer.skipWhitespace()
        if lexer.next == UInt8(ascii: "\"") {
            let name = try lexer.takeQuotedString().unquoted
            self.init(try lexer.takeBracketedURI(), displayName: name)
        } else if let bare = try lexer.takeBareURI() {
            self.init(bare)
        } else {
            let name = lexer.takeWhile { $0.isTokenCharacter || $0.isWhitespace || $0 >= 0x80 }.trimmed
            self.init(try lexer.takeBracketedURI(), displayName: name.isEmpty ? nil : name)
        }
        parameters = try Parameters(from: &lexer)
        lexer.skipWhitespace()
    }
}

extension Lexer {
    fileprivate mutating func takeBracketedURI() throws(Malformed) -> URI {
        skipWhitespace()
        guard next == UInt8(ascii: "<") else { throw .address }
        let text = takeWhile { $0 != UInt8(ascii: ">") }.dropFirst()
        guard take(">") else { throw .address }
        return try URI(parsing: String(text))
    }

    /// A URI without brackets, which cannot hold a comma, a question mark or a semicolon (RFC 3261 §20).
    fileprivate mutating func takeBareURI() throws(Malformed) -> URI? {
        var ahead = self
        guard ahead.takeToken() != nil, ahead.next == UInt8(ascii: ":") else { return nil }
        let text = takeWhile { !$0.isWhitespace && !",;<".utf8.contains($0) }
        guard !text.utf8.contains(UInt8(ascii: "?")) else { throw .address }
        return try URI(parsing: text)
    }
}

extension NameAddress: CustomStringConvertible {
    package var description: String {
        let name = displayName.map { "\($0.quoted) " } ?? ""
        return "\(name)<\(uri)>\(parameters)"
    }
}
