import Wire

/// The value of Content-Type, of Content-Disposition or an element of Accept: a name and parameters (RFC 3261 §25.1).
struct MediaType {
    /// Type and subtype, or disposition, in lower case.
    let name: String
    let parameters: Parameters

    /// Of what is malformed as much is taken as can be read.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        lexer.skipWhitespace()
        let type = lexer.takeToken() ?? ""
        let subtype = lexer.take("/") ? "/\(lexer.takeToken() ?? "")" : ""
        name = (type + subtype).lowercased()
        parameters = Parameters(bytes, (try? lexer.takeParameters()) ?? .none)
    }
}
