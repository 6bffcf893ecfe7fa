/// A SIP or SIPS URI in its parts (RFC 3261 §19.1), or the URI of another scheme as opaque text.
package struct URI: Sendable, Hashable {
    package enum Scheme: Sendable, Hashable { case sip, sips, other(String) }

    package var scheme: Scheme = .sip
    package var user: String?
    package var password: String?
    /// A host name or address; an IPv6 address has its brackets.
    package var host: String
    package var port: UInt16?
    package var parameters = Parameters()
    /// What stands behind the question mark, undivided.
    package var headers: String?
    /// Everything behind the colon when the scheme is another one; `host` is then empty.
    package var opaquePart: String?

    package init(
        scheme: Scheme = .sip, user: String? = nil, host: String, port: UInt16? = nil,
        parameters: Parameters = Parameters()
    ) {
        self.scheme = scheme
        self.user = user
        self.host = host
        self.port = port
        self.parameters = parameters
    }

    package init(parsing text: String) throws(Malformed) {
        throw .uri
    }
}

extension URI: CustomStringConvertible {
    package var description: String { "" }
}
