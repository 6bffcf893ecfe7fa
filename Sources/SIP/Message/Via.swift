/// One hop a request has come through (RFC 3261 §20.42).
package struct Via: Sendable, Hashable {
    package var transport: String
    package var host: String
    package var port: UInt16?
    package var parameters: Parameters

    package init(transport: String, host: String, port: UInt16? = nil, parameters: Parameters = Parameters()) {
        self.transport = transport
        self.host = host
        self.port = port
        self.parameters = parameters
    }

    package var branch: String? { parameters["branch"] }

    /// `host` or `host:port`, compared without letter case.
    package var sentBy: String { (port.map { "\(host):\($0)" } ?? host).lowercased() }

    /// The hops of a comma-separated value, the nearest first.
    package static func list(parsing text: String) throws(Malformed) -> [Via] {
        var lexer = Lexer(text)
        var hops = [try Via(from: &lexer)]
        while lexer.take(",") { hops.append(try Via(from: &lexer)) }
        guard lexer.isAtEnd else { throw .value(.via) }
        return hops
    }

    private init(from lexer: inout Lexer) throws(Malformed) {
        lexer.skipWhitespace()
        guard lexer.takeToken()?.uppercased() == "SIP", lexer.take("/"), lexer.takeToken() == "2.0", lexer.take("/"),
            let transport = lexer.takeToken(), lexer.next?.isWhitespace == true
        else { throw .value(.via) }
        lexer.skipWhitespace()
        (host, port) = try lexer.takeHostAndPort()
        self.transport = transport
        parameters = try Parameters(from: &lexer)
        lexer.skipWhitespace()
    }
}

extension Via: CustomStringConvertible {
    package var description: String {
        "SIP/2.0/\(transport) \(port.map { "\(host):\($0)" } ?? host)\(parameters)"
    }
}
