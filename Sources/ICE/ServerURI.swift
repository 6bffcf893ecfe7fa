import Wire

/// The URI of a STUN or TURN server (RFC 7064 §3.1, RFC 7065 §3.1).
package struct ServerURI: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Tells us our address.
        case stun
        case turn(Transport)
    }

    package enum Transport: String, Sendable, Hashable { case udp, tcp, tls }

    package let kind: Kind
    /// A host name or an address literal, an IPv6 one without its brackets.
    package let host: String
    package let port: UInt16

    /// Nil for what is no such URI, and for `stuns` and TURN over DTLS, which are not spoken.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let parts = text[text.index(after: colon)...].split(separator: "?", omittingEmptySubsequences: false)
        let transport = parts.dropFirst().first
        switch (text[..<colon].lowercased(), transport) {
        case ("stun", nil): kind = .stun
        case ("turn", nil), ("turn", "transport=udp"): kind = .turn(.udp)
        case ("turn", "transport=tcp"): kind = .turn(.tcp)
        case ("turns", nil), ("turns", "transport=tcp"): kind = .turn(.tls)
        default: return nil
        }
        guard parts.count <= 2, let address = parts.first,
            let (host, port) = Self.hostAndPort(address, default: kind == .turn(.tls) ? 5349 : 3478)
        else { return nil }
        self.host = host
        self.port = port
    }

    private static func hostAndPort(_ text: Substring, default port: UInt16) -> (String, UInt16)? {
        let end: Substring.Index
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            end = text.index(after: bracket)
            guard IPAddress(String(text[..<end])) != nil else { return nil }
        } else {
            end = text.firstIndex(of: ":") ?? text.endIndex
        }
        let host = text[..<end].filter { $0 != "[" && $0 != "]" }
        let rest = text[end...]
        guard !host.isEmpty, !host.contains(where: { "/@#".contains($0) }) else { return nil }
        if rest.isEmpty { return (host, port) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port != 0 else { return nil }
        return (host, port)
    }

    /// As it is written.
    package var text: String {
        let address = (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        return switch kind {
        case .stun: "stun:\(address)"
        case .turn(.tls): "turns:\(address)"
        case .turn(let transport): "turn:\(address)?transport=\(transport.rawValue)"
        }
    }
}
