/// Why a request was sent, such as `SIP;cause=200;text="Call completed elsewhere"` (RFC 3326).
package struct Reason: Sendable, Hashable {
    /// `SIP`, where the cause is a status, or `Q.850`.
    package var `protocol`: String
    package var cause: Int?
    package var text: String?

    package init(_ protocol: String, cause: Int? = nil, text: String? = nil) {
        self.protocol = `protocol`
        self.cause = cause
        self.text = text
    }

    package init(parsing text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        lexer.skipWhitespace()
        guard let name = lexer.takeToken() else { throw .value(.reason) }
        let parameters = Parameters(bytes, try lexer.takeParameters())
        lexer.skipWhitespace()
        guard lexer.isAtEnd else { throw .value(.reason) }
        self.init(name, cause: parameters["cause"].flatMap(Int.init), text: parameters["text"])
    }
}

extension Reason: CustomStringConvertible {
    package var description: String {
        var parameters = Parameters()
        parameters["cause"] = cause.map(String.init)
        return "\(`protocol`)\(parameters)" + (text.map { ";text=\($0.quoted)" } ?? "")
    }
}

extension Request {
    /// Those that can be read.
    package var reasons: [Reason] { headers.list(.reason).compactMap { try? Reason(parsing: $0) } }
}
