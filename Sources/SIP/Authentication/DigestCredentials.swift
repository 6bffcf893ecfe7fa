import Crypto
import Wire

/// An Authorization or Proxy-Authorization value of the Digest scheme (RFC 7616 §3.4).
package struct DigestCredentials: Sendable, Hashable {
    package var username: String
    package var realm: String
    package var nonce: String
    package var uri: String
    package var response: String
    package var algorithm: DigestAlgorithm
    package var opaque: String?
    /// How often the nonce has been used and what the client added to it; nil is the answer of RFC 2069.
    package var protection: Protection?

    package struct Protection: Sendable, Hashable {
        package var nonceCount: UInt32
        package var clientNonce: String

        package init(nonceCount: UInt32, clientNonce: String) {
            self.nonceCount = nonceCount
            self.clientNonce = clientNonce
        }
    }

    /// The client's answer to a challenge.
    package init(
        to challenge: DigestChallenge, username: String, password: Redacted<String>, method: Method, uri: String,
        protection: Protection
    ) {
        self.username = username
        realm = challenge.realm
        nonce = challenge.nonce
        self.uri = uri
        algorithm = challenge.algorithm
        opaque = challenge.opaque
        self.protection = challenge.offersAuth ? protection : nil
        response = ""
        response = expectedResponse(password: password, method: method)
    }

    package init(parsing text: String) throws(Malformed) {
        let fields = try DigestFields(parsing: text)
        username = try fields.required("username")
        realm = try fields.required("realm")
        nonce = try fields.required("nonce")
        uri = try fields.required("uri")
        response = try fields.required("response").lowercased()
        guard response.utf8.allSatisfy(\.isHexDigit) else { throw .digest }
        opaque = fields["opaque"]
        guard let algorithm = DigestAlgorithm(name: fields["algorithm"] ?? "MD5") else { throw .digest }
        self.algorithm = algorithm
        protection = try Protection(fields)
    }

    /// Whether the sender knows the password; nonce, nonce count and uri are for the caller to check.
    package func verify(password: Redacted<String>, method: Method) -> Bool {
        constantTimeEqual(Array(response.utf8), Array(expectedResponse(password: password, method: method).utf8))
    }

    /// `request-digest` of RFC 7616 §3.4.1.
    private func expectedResponse(password: Redacted<String>, method: Method) -> String {
        let secret = algorithm.hash("\(username):\(realm):\(password.value)")
        let subject = algorithm.hash("\(method):\(uri)")
        guard let protection else { return algorithm.hash("\(secret):\(nonce):\(subject)") }
        return algorithm.hash("\(secret):\(nonce):\(protection.count):\(protection.clientNonce):auth:\(subject)")
    }
}

extension DigestCredentials.Protection {
    fileprivate init?(_ fields: DigestFields) throws(Malformed) {
        guard let name = fields["qop"] else { return nil }
        guard name.lowercased() == "auth" else { throw .digest }
        let count = try fields.required("nc")
        guard count.utf8.count == 8, count.utf8.allSatisfy(\.isHexDigit), let number = UInt32(count, radix: 16) else {
            throw .digest
        }
        self.init(nonceCount: number, clientNonce: try fields.required("cnonce"))
    }

    /// The nonce count as eight hexadecimal digits.
    fileprivate var count: String {
        let digits = String(nonceCount, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

extension DigestCredentials: CustomStringConvertible {
    /// The value of the header field.
    package var description: String {
        var text = "Digest username=\(username.quoted), realm=\(realm.quoted), nonce=\(nonce.quoted)"
        text += ", uri=\(uri.quoted), response=\"\(response)\", algorithm=\(algorithm.rawValue)"
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        guard let protection else { return text }
        return text + ", qop=auth, nc=\(protection.count), cnonce=\(protection.clientNonce.quoted)"
    }
}
