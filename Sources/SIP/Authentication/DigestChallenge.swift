/// A WWW-Authenticate or Proxy-Authenticate value of the Digest scheme (RFC 7616 §3.3, RFC 8760).
///
/// The quality of protection is `auth` or none; session algorithms and `auth-int` are not taken up.
package struct DigestChallenge: Sendable, Hashable {
    package var realm: String
    package var nonce: String
    package var opaque: String?
    /// The nonce is too old, but the password was right.
    package var stale = false
    package var algorithm: DigestAlgorithm
    /// Whether `qop="auth"` is offered; without it the answer is that of RFC 2069.
    package var offersAuth = true

    /// A server's challenge with a nonce of its own choice.
    package init(realm: String, nonce: String, algorithm: DigestAlgorithm = .md5, stale: Bool = false) {
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        self.stale = stale
    }

    /// Reads the value of a header field; an algorithm or protection that is not known makes it malformed.
    package init(parsing text: String) throws(Malformed) {
        let fields = try DigestFields(parsing: text)
        realm = try fields.required("realm")
        nonce = try fields.required("nonce")
        opaque = fields["opaque"]
        stale = fields["stale"]?.lowercased() == "true"
        guard let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5") else { throw .digest }
        self.algorithm = algorithm
        let offered = fields["qop"]?.commaSeparated.map { $0.lowercased() }
        offersAuth = offered?.contains("auth") ?? false
        guard offered == nil || offersAuth else { throw .digest }
    }
}

extension DigestChallenge: CustomStringConvertible {
    /// The value of the header field.
    package var description: String {
        var text = "Digest realm=\(realm.quoted), nonce=\(nonce.quoted)"
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        if stale { text += ", stale=true" }
        text += ", algorithm=\(algorithm.rawValue)"
        return offersAuth ? text + ", qop=\"auth\"" : text
    }
}
