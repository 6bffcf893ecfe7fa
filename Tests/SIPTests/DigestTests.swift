import Crypto
import Testing
import Wire

@testable import SIP

@Suite("Digest access authentication")
struct DigestTests {
    @Test("the answer of RFC 2617 §3.5")
    func rfc2617() throws {
        let challenge = try DigestChallenge(
            parsing: """
                Digest realm="testrealm@host.com", qop="auth,auth-int", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """)
        let credentials = DigestCredentials(
            to: challenge, username: "Mufasa", password: Redacted("Circle Of Life"), method: "GET",
            uri: "/dir/index.html", protection: .init(nonceCount: 1, clientNonce: "0a4f113b"))
        #expect(
            credentials.description == """
                Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
                uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", algorithm=MD5, \
                opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=00000001, cnonce="0a4f113b"
                """)
    }

    @Test(
        "the answers of RFC 7616 §3.9.1",
        arguments: [
            (DigestAlgorithm.md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (.sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ])
    func rfc7616(_ algorithm: DigestAlgorithm, response: String) {
        let challenge = DigestChallenge(
            realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            algorithm: algorithm)
        let credentials = DigestCredentials(
            to: challenge, username: "Mufasa", password: Redacted("Circle of Life"), method: "GET",
            uri: "/dir/index.html",
            protection: .init(nonceCount: 1, clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"))
        #expect(credentials.response == response)
    }

    @Test("a challenge without qop is answered as in RFC 2069")
    func rfc2069() throws {
        let challenge = try DigestChallenge(parsing: "Digest realm=\"r\", nonce=\"n\"")
        let credentials = DigestCredentials(
            to: challenge, username: "u", password: Redacted("p"), method: .register, uri: "sip:r",
            protection: .init(nonceCount: 1, clientNonce: "c"))
        let expected = Digest.md5(
            Array("\(Digest.md5(Array("u:r:p".utf8)).hex):n:\(Digest.md5(Array("REGISTER:sip:r".utf8)).hex)".utf8)
        ).hex
        #expect(credentials.response == expected)
        #expect(credentials.protection == nil)
    }

    @Test("a server verifies what a client answered, and nothing else", arguments: DigestAlgorithm.allCases)
    func verified(_ algorithm: DigestAlgorithm) throws {
        let challenge = DigestChallenge(realm: "a \"b\"", nonce: "n", algorithm: algorithm, stale: true)
        #expect(try DigestChallenge(parsing: challenge.description) == challenge)
        let sent = DigestCredentials(
            to: challenge, username: "1006_00010078", password: Redacted("secret"), method: .register,
            uri: "sip:example.com", protection: .init(nonceCount: 0xABC, clientNonce: "c"))
        let received = try DigestCredentials(parsing: sent.description)
        #expect(received == sent)
        #expect(received.protection?.nonceCount == 0xABC)
        #expect(received.verify(password: Redacted("secret"), method: .register))
        #expect(!received.verify(password: Redacted("Secret"), method: .register))
        #expect(!received.verify(password: Redacted("secret"), method: .message))
        var other = received
        other.nonce = "m"
        #expect(!other.verify(password: Redacted("secret"), method: .register))
    }

    @Test(
        "what is no digest challenge is not read as one",
        arguments: [
            "", "Digest", "Basic realm=\"r\"", "Digest realm=\"r\"", "Digest realm=\"r\", nonce=\"n",
            "Digest realm, nonce",
            "Digest realm=\"r\", nonce=\"n\", nonce=\"m\"", "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512",
            "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
        ])
    func noChallenge(_ text: String) {
        #expect(throws: Malformed.self) { try DigestChallenge(parsing: text) }
    }

    @Test(
        "what are no digest credentials are not read as such",
        arguments: ["nc=1", "nc=0000000g", "qop=auth", "qop=auth-int, nc=00000001, cnonce=\"c\""])
    func noCredentials(_ more: String) {
        let base = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:r\", response=\"0\", "
        let text = base + (more.hasPrefix("nc") ? "qop=auth, cnonce=\"c\", \(more)" : more)
        #expect(throws: Malformed.self) { try DigestCredentials(parsing: text) }
    }
}

@Suite("Answering digest challenges")
final class AuthenticatorTests {
    private var authenticator = Authenticator(.init(username: "u", password: Redacted("p")))
    private var randomness = Randomness.seeded(1)
    private var request = Request(
        .register, target: URI(host: "r"), from: NameAddress(URI(host: "r")), to: NameAddress(URI(host: "r")),
        callID: "c", sequence: 1)

    private func challenge(_ status: Int, _ challenges: String...) -> Response {
        var response = Response(to: request, status: status, tag: "t")
        let name: HeaderName = status == 407 ? .proxyAuthenticate : .wwwAuthenticate
        for challenge in challenges { response.headers.append(name, challenge) }
        return response
    }

    private func learns(_ response: Response, attempt: Int) -> Bool {
        authenticator.learn(from: response, to: request, attempt: attempt)
    }

    private func authorize() {
        authenticator.authorize(&request, randomness: &randomness)
    }

    private func answers(_ name: HeaderName = .authorization) throws -> [DigestCredentials] {
        try request.headers.all(name).map { try DigestCredentials(parsing: $0) }
    }

    @Test("the strongest challenge of a realm is the one that is answered (RFC 8760 §2.4)")
    func strongest() throws {
        let refusal = challenge(
            401, "Digest realm=\"r\", nonce=\"1\", algorithm=MD5", "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256",
            "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-512-256", "NoOneKnows x=y")
        #expect(learns(refusal, attempt: 0))
        authorize()
        #expect(try answers().map(\.nonce) == ["2"])
        #expect(try answers().map(\.algorithm) == [.sha256])
    }

    @Test("a nonce is used again with its count raised (RFC 7616 §3.4)")
    func nonceCount() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\", qop=\"auth\""), attempt: 0)
        authorize()
        let first = try answers()
        authorize()
        let second = try answers()
        #expect((first + second).map(\.protection?.nonceCount) == [1, 2])
        #expect(first[0].protection?.clientNonce != second[0].protection?.clientNonce)
    }

    @Test("a refused answer to a challenge is not given again, even under another nonce (RFC 3261 §22.2)")
    func wrongPassword() {
        #expect(learns(challenge(401, "Digest realm=\"r\", nonce=\"1\""), attempt: 0))
        authorize()
        #expect(!learns(challenge(401, "Digest realm=\"r\", nonce=\"2\""), attempt: 1))
    }

    @Test("a stale nonce is replaced (RFC 7616 §3.3)")
    func stale() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\""), attempt: 0)
        authorize()
        #expect(
            learns(challenge(401, "Digest realm=\"r\", nonce=\"2\", stale=TRUE"), attempt: 1))
        authorize()
        #expect(try answers().map(\.nonce) == ["2"])
    }

    @Test("an answer made beforehand may be refused once")
    func beforehand() {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\""), attempt: 0)
        authorize()
        #expect(learns(challenge(401, "Digest realm=\"r\", nonce=\"2\""), attempt: 0))
    }

    @Test("a proxy and a server are both answered, each in its field (RFC 3261 §22.3)")
    func proxy() throws {
        _ = learns(challenge(407, "Digest realm=\"p\", nonce=\"1\""), attempt: 0)
        authorize()
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"2\""), attempt: 1)
        authorize()
        #expect(try answers(.proxyAuthorization).map(\.nonce) == ["1"])
        #expect(try answers(.authorization).map(\.nonce) == ["2"])
    }

    @Test("credentials for another realm, or none, answer nothing")
    func realm() {
        let refusal = challenge(401, "Digest realm=\"r\", nonce=\"1\"")
        authenticator = Authenticator(.init(username: "u", password: Redacted("p"), realm: "x"))
        #expect(!learns(refusal, attempt: 0))
        authenticator = Authenticator(nil)
        #expect(!learns(refusal, attempt: 0))
    }

    @Test(
        "a response or count that is not hexadecimal is malformed (RFC 7616 §3.4)",
        arguments: [
            ("=\"", "00000001"), ("0g", "00000001"), ("00", "+0000001"), ("00", "1"),
        ])
    func notHexadecimal(_ response: String, count: String) {
        let start = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", qop=auth, cnonce=\"c\""
        #expect(throws: Malformed.digest) {
            try DigestCredentials(parsing: "\(start), response=\(response), nc=\(count)")
        }
    }
}
