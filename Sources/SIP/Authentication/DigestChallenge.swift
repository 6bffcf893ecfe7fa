import Wire

/// A WWW-Authenticate or Proxy-Authenticate value of the Digest scheme (RFC 7616 §3.3).
package struct DigestChallenge: Sendable, Hashable {
    package enum Algorithm: String, Sendable, Hashable { case md5 = "MD5", sha256 = "SHA-256" }

    package var realm: String
    package var nonce: String
    package var opaque: String?
    package var stale = false
    package var algorithm: Algorithm
    /// Whether `qop=auth` is offered; without it the answer is RFC 2069's.
    package var offersAuth = true

    /// A server's challenge with a nonce of its own choice.
    package init(realm: String, nonce: String, algorithm: Algorithm = .md5, stale: Bool = false) {
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        self.stale = stale
    }

    /// The header value.
    package var description: String { "" }
}

/// An Authorization or Proxy-Authorization value of the Digest scheme (RFC 7616 §3.4).
package struct DigestCredentials: Sendable, Hashable {
    package var username: String
    package var realm: String
    package var nonce: String
    /// How often the nonce has been used; 0 when the answer is RFC 2069's.
    package var nonceCount: UInt32

    package init(parsing text: String) throws(Malformed) {
        throw .uri
    }

    /// Whether whoever wrote them knows the password: the server's check, nonce and nonce count excepted.
    package func verify(password: Redacted<String>, method: Method) -> Bool { false }
}
