/// The `name=value` list of an authentication header (RFC 7235 §2.1).
struct DigestFields {
    private var values: [String: String] = [:]

    /// Reads a value of the Digest scheme; a name that comes twice makes it malformed.
    init(parsing text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        lexer.skipWhitespace()
        guard lexer.takeToken()?.lowercased() == "digest", lexer.next?.isWhitespace == true else { throw .digest }
        try self.init(from: &lexer)
    }

    /// Reads a value without a scheme, such as that of Authentication-Info (RFC 7616 §3.5).
    init(parsingWithoutScheme text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        try self.init(from: &lexer)
    }

    private init(from lexer: inout Lexer) throws(Malformed) {
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

    /// `username`, or `username*` with its octets escaped as UTF-8, never both (RFC 7616 §3.4, RFC 5987 §3.2.1).
    func username() throws(Malformed) -> String {
        guard let extended = values["username*"] else { return try required("username") }
        let parts = extended.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard values["username"] == nil, parts.count == 3, parts[0].lowercased() == "utf-8" else { throw .digest }
        return try Self.unescaped(parts[2])
    }

    private static func unescaped(_ text: Substring) throws(Malformed) -> String {
        var octets: [UInt8] = []
        var rest = Substring(text).utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(Substring(digits), radix: 16)
            else { throw .digest }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: octets, as: UTF8.self) else { throw .digest }
        return text
    }
}
