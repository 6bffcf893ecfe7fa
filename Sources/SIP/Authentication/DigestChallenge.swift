/// A WWW-Authenticate or Proxy-Authenticate value of the Digest scheme (RFC 7616 §3.3, RFC 8760).
///
/// `domain` says nothing in SIP and is not kept (RFC 3261 §22.4); text is UTF-8 whether `charset` says so or not.
package struct DigestChallenge: Sendable, Hashable {
    package var realm: String
    package var nonce: String
    package var opaque: String?
    /// The nonce is too old, but the password was right.
    package var stale = false
    package var algorithm: DigestAlgorithm
    /// The protections offered that are known; none offered at all asks for the answer of RFC 2069.
    package var protections: [DigestProtection] = [.auth]
    /// The name of the user is to be sent as a hash (RFC 7616 §3.4.4).
    package var hashesUsername = false

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
        hashesUsername = fields["userhash"]?.lowercased() == "true"
        guard let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5") else { throw .digest }
        self.algorithm = algorithm
        let offered = fields["qop"]?.commaSeparated
        protections = DigestProtection.allCases.filter { known in
            offered?.contains { $0.lowercased() == known.rawValue } ?? false
        }
        // A session needs the client's nonce, which only goes with a protection.
        guard !protections.isEmpty || offered == nil && !algorithm.isSession else { throw .digest }
    }
}

/// The quality of protection: of the request alone, or of its body as well (RFC 7616 §3.3).
package enum DigestProtection: String, Sendable, Hashable, CaseIterable {
    case auth
    case authInt = "auth-int"
}

extension DigestChallenge: CustomStringConvertible {
    /// The value of the header field.
    package var description: String {
        var text = "Digest realm=\(realm.quoted), nonce=\(nonce.quoted)"
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        if stale { text += ", stale=true" }
        text += ", algorithm=\(algorithm.rawValue)"
        if hashesUsername { text += ", userhash=true" }
        let offered = protections.map(\.rawValue).joined(separator: ",")
        return offered.isEmpty ? text : text + ", qop=\"\(offered)\""
    }
}
