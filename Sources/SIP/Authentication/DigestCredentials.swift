import Crypto
import Wire

/// An Authorization or Proxy-Authorization value of the Digest scheme (RFC 7616 §3.4).
package struct DigestCredentials: Sendable, Hashable {
    /// The name of the user, or its hash.
    package var username: String
    package var hashesUsername: Bool
    package var realm: String
    package var nonce: String
    package var uri: String
    package var response: String
    package var algorithm: DigestAlgorithm
    package var opaque: String?
    /// What the client added to the nonce; nil is the answer of RFC 2069.
    package var use: NonceUse?

    /// The protection chosen, how often the nonce has been used with this, and the client's own nonce.
    package struct NonceUse: Sendable, Hashable {
        package var protection: DigestProtection
        package var count: UInt32
        package var clientNonce: String
    }

    /// The client's answer to a challenge; the body is protected only when nothing less is offered, since SIP's
    /// intermediaries may change it.
    ///
    /// `count` is how often the nonce has been used, this answer included.
    package init(
        to challenge: DigestChallenge, username: String, password: Redacted<String>, method: Method, uri: String,
        body: [UInt8] = [], count: UInt32, clientNonce: String
    ) {
        algorithm = challenge.algorithm
        realm = challenge.realm
        nonce = challenge.nonce
        opaque = challenge.opaque
        hashesUsername = challenge.hashesUsername
        self.username = hashesUsername ? algorithm.hash("\(username):\(realm)") : username
        self.uri = uri
        use = challenge.protections.first.map { NonceUse(protection: $0, count: count, clientNonce: clientNonce) }
        response = ""
        response = expectedResponse(username: username, password: password, method: method, body: body)
    }

    package init(parsing text: String) throws(Malformed) {
        let fields = try DigestFields(parsing: text)
        username = try fields.username()
        hashesUsername = fields["userhash"]?.lowercased() == "true"
        realm = try fields.required("realm")
        nonce = try fields.required("nonce")
        uri = try fields.required("uri")
        response = try fields.required("response").lowercased()
        guard response.utf8.allSatisfy(\.isHexDigit) else { throw .digest }
        opaque = fields["opaque"]
        guard let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5") else { throw .digest }
        self.algorithm = algorithm
        use = try NonceUse(fields)
        guard use != nil || !algorithm.isSession else { throw .digest }
    }

    /// Whether the sender is that user and knows the password; nonce, its count and uri are for the caller to check.
    package func verify(username: String, password: Redacted<String>, method: Method, body: [UInt8] = []) -> Bool {
        let name = hashesUsername ? algorithm.hash("\(username):\(realm)") : username
        let expected = expectedResponse(username: username, password: password, method: method, body: body)
        return name == self.username && constantTimeEqual(Array(response.utf8), Array(expected.utf8))
    }

    /// `request-digest` of RFC 7616 §3.4.1; a session is taken to have begun with the nonces at hand.
    private func expectedResponse(
        username: String, password: Redacted<String>, method: Method, body: [UInt8]
    ) -> String {
        var secret = algorithm.hash("\(username):\(realm):\(password.value)")
        guard let use else { return algorithm.hash("\(secret):\(nonce):\(algorithm.hash("\(method):\(uri)"))") }
        if algorithm.isSession { secret = algorithm.hash("\(secret):\(nonce):\(use.clientNonce)") }
        let entity = use.protection == .authInt ? ":\(algorithm.hash(body))" : ""
        let subject = algorithm.hash("\(method):\(uri)\(entity)")
        let name = use.protection.rawValue
        return algorithm.hash("\(secret):\(nonce):\(use.countText):\(use.clientNonce):\(name):\(subject)")
    }
}

extension DigestCredentials.NonceUse {
    fileprivate init?(_ fields: DigestFields) throws(Malformed) {
        guard let name = fields["qop"] else { return nil }
        guard let protection = DigestProtection(rawValue: name.lowercased()) else { throw .digest }
        let count = try fields.required("nc")
        guard count.utf8.count == 8, count.utf8.allSatisfy(\.isHexDigit), let number = UInt32(count, radix: 16) else {
            throw .digest
        }
        self.init(protection: protection, count: number, clientNonce: try fields.required("cnonce"))
    }

    /// The nonce count as eight hexadecimal digits.
    fileprivate var countText: String {
        let digits = String(count, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

extension DigestCredentials: CustomStringConvertible {
    /// The value of the header field.
    package var description: String {
        var text = "Digest username=\(username.quoted), realm=\(realm.quoted), nonce=\(nonce.quoted)"
        text += ", uri=\(uri.quoted), response=\"\(response)\", algorithm=\(algorithm.rawValue)"
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        if hashesUsername { text += ", userhash=true" }
        guard let use else { return text }
        return text + ", qop=\(use.protection.rawValue), nc=\(use.countText), cnonce=\(use.clientNonce.quoted)"
    }
}
