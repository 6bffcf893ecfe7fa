import Wire

/// The `name=value` list behind the scheme of an authentication header (RFC 7235 §2.1).
struct DigestFields {
    private var values: [String: String] = [:]

    /// Reads a value of the Digest scheme; a name that comes twice makes it malformed.
    init(parsing text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        lexer.skipWhitespace()
        guard lexer.takeToken()?.lowercased() == "digest", lexer.next?.isWhitespace == true else { throw .digest }
        lexer.skipWhitespace()
        repeat {
            while lexer.take(",") {}
            guard !lexer.isAtEnd else { break }
            guard let name = lexer.takeToken()?.lowercased(), lexer.take("="), values[name] == nil else {
                throw .digest
            }
            let isQuoted = lexer.next == UInt8(ascii: "\"")
            values[name] =
                isQuoted ? try lexer.takeQuotedString().unquoted : lexer.takeWhile { $0 != UInt8(ascii: ",") }.trimmed
        } while lexer.take(",")
        lexer.skipWhitespace()
        guard lexer.isAtEnd else { throw .digest }
    }

    subscript(name: String) -> String? { values[name] }

    func required(_ name: String) throws(Malformed) -> String {
        guard let value = values[name] else { throw .digest }
        return value
    }
}
