import Wire

/// A `ws` or `wss` URL, RFC 6455 §3; a fragment or user information makes it invalid.
package struct WebSocketURL: Hashable, Sendable {
    package let isSecure: Bool
    /// A host name or an address literal, an IPv6 one without its brackets.
    package let host: String
    package let port: UInt16
    /// Path and query, at least `/`.
    package let target: String

    package init?(_ text: String, schemes: (clear: String, secure: String) = ("ws", "wss")) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("#"),
            let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://")
        else { return nil }
        let scheme = text[..<colon].lowercased()
        guard scheme == schemes.clear || scheme == schemes.secure else { return nil }
        isSecure = scheme == schemes.secure
        let rest = text[colon...].dropFirst(3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    private static func hostAndPort(_ authority: Substring) -> (host: String, port: UInt16?)? {
        guard !authority.contains("@") else { return nil }
        let hostEnd: Substring.Index
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            hostEnd = authority.index(after: bracket)
            guard IPAddress(String(authority[..<hostEnd])) != nil else { return nil }
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        let host = authority[..<hostEnd].filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty else { return nil }
        let rest = authority[hostEnd...]
        if rest.isEmpty { return (host, nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port != 0 else { return nil }
        return (host, port)
    }
}

extension WebSocketURL {
    /// The `Host` of a request to it, RFC 6455 §4.1: the port only if it is not the default one.
    package var authority: String {
        port == (isSecure ? 443 : 80) ? bracketedHost : hostAndPort
    }

    /// Host and port, whichever it is, as CONNECT wants them (RFC 9110 §9.3.6).
    package var hostAndPort: String { "\(bracketedHost):\(port)" }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}
