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
            uri: "/dir/index.html", count: 1, clientNonce: "0a4f113b")
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
            count: 1, clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        #expect(credentials.response == response)
    }

    /// With the username and the response of erratum 4897: those printed are of another hash than SHA-512/256.
    @Test("the answer of RFC 7616 §3.9.2, the name of the user hashed")
    func rfc7616Userhash() throws {
        let challenge = try DigestChallenge(
            parsing: """
                Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, \
                nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", \
                opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true
                """)
        let credentials = DigestCredentials(
            to: challenge, username: "J\u{E4}s\u{F8}n Doe", password: Redacted("Secret, or not?"), method: "GET",
            uri: "/doe.json", count: 1, clientNonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v")
        #expect(
            credentials.description == """
                Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", \
                realm="api@example.org", nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", uri="/doe.json", \
                response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5", algorithm=SHA-512-256, \
                opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=true, qop=auth, nc=00000001, \
                cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
                """)
    }

    @Test("a name of other letters than ASCII's may come escaped (RFC 7616 §3.4.1, RFC 5987)")
    func extendedUsername() throws {
        let start = "Digest realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\", username*="
        let read = try DigestCredentials(parsing: start + "UTF-8''J%C3%A4s%C3%B8n%20Doe")
        #expect(read.username == "J\u{E4}s\u{F8}n Doe")
        for bad in ["UTF-8''%C3", "UTF-8''%4", "UTF-8''%zz", "ISO-8859-1''a", "a"] {
            #expect(throws: Malformed.digest) { try DigestCredentials(parsing: start + bad) }
        }
    }

    @Test(
        "a session binds the password to both nonces, auth-int the body (RFC 7616 §3.4.2, §3.4.3)",
        arguments: DigestAlgorithm.allCases.filter(\.isSession))
    func sessionWithBody(_ algorithm: DigestAlgorithm) throws {
        var challenge = DigestChallenge(realm: "r", nonce: "n", algorithm: algorithm)
        challenge.protections = [.authInt]
        let answer = DigestCredentials(
            to: challenge, username: "u", password: Redacted("p"), method: .invite, uri: "sip:a",
            body: Array("v=0".utf8), count: 2, clientNonce: "c")
        func hash(_ text: String) -> String {
            switch algorithm {
            case .md5Session: Digest.md5(Array(text.utf8)).hex
            case .sha256Session: Digest.sha256(Array(text.utf8)).hex
            default: Digest.sha512_256(Array(text.utf8)).hex
            }
        }
        let secret = hash(hash("u:r:p") + ":n:c")
        #expect(
            answer.response == hash(secret + ":n:00000002:c:auth-int:" + hash("INVITE:sip:a:" + hash("v=0"))))
    }

    @Test("a challenge without qop is answered as in RFC 2069")
    func rfc2069() throws {
        let challenge = try DigestChallenge(parsing: "Digest realm=\"r\", nonce=\"n\"")
        let credentials = DigestCredentials(
            to: challenge, username: "u", password: Redacted("p"), method: .register, uri: "sip:r",
            count: 1, clientNonce: "c")
        let expected = Digest.md5(
            Array("\(Digest.md5(Array("u:r:p".utf8)).hex):n:\(Digest.md5(Array("REGISTER:sip:r".utf8)).hex)".utf8)
        ).hex
        #expect(credentials.response == expected)
        #expect(credentials.use == nil)
    }

    @Test(
        "a server verifies what a client answered, and nothing else", arguments: DigestAlgorithm.allCases,
        [(DigestProtection.auth, false), (.auth, true), (.authInt, false)])
    func verified(_ algorithm: DigestAlgorithm, _ form: (DigestProtection, Bool)) throws {
        let (protection, hashesUsername) = form
        let user = "1006_00010078"
        var challenge = DigestChallenge(realm: "a \"b\"", nonce: "n", algorithm: algorithm, stale: true)
        challenge.protections = [protection]
        challenge.hashesUsername = hashesUsername
        #expect(try DigestChallenge(parsing: challenge.description) == challenge)
        let sent = DigestCredentials(
            to: challenge, username: user, password: Redacted("secret"), method: .register,
            uri: "sip:example.com", count: 0xABC, clientNonce: "c")
        let received = try DigestCredentials(parsing: sent.description)
        #expect(received == sent)
        #expect(received.use?.count == 0xABC)
        #expect(received.verify(username: user, password: Redacted("secret"), method: .register))
        #expect(!received.verify(username: user, password: Redacted("Secret"), method: .register))
        #expect(!received.verify(username: user, password: Redacted("secret"), method: .message))
        #expect(!received.verify(username: "1007", password: Redacted("secret"), method: .register))
        let isBodyCovered = protection == .authInt
        #expect(
            received.verify(username: user, password: Redacted("secret"), method: .register, body: [1])
                == !isBodyCovered)
        var other = received
        other.nonce = "m"
        #expect(!other.verify(username: user, password: Redacted("secret"), method: .register))
    }

    @Test(
        "what is no digest challenge is not read as one",
        arguments: [
            "", "Digest", "Basic realm=\"r\"", "Digest realm=\"r\"", "Digest realm=\"r\", nonce=\"n",
            "Digest realm, nonce",
            "Digest realm=\"r\", nonce=\"n\", nonce=\"m\"", "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512",
            "Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\"",
            "Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess",
        ])
    func noChallenge(_ text: String) {
        #expect(throws: Malformed.self) { try DigestChallenge(parsing: text) }
    }

    @Test(
        "what are no digest credentials are not read as such",
        arguments: [
            "nc=1", "nc=0000000g", "qop=auth", "qop=auth-conf, nc=00000001, cnonce=\"c\"", "algorithm=SHA-256-sess",
            "username*=UTF-8''u",
        ])
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
            "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-512-256", "Digest realm=\"r\", nonce=\"4\", algorithm=MD5",
            "Digest realm=\"r\", nonce=\"5\", algorithm=SHA-3", "NoOneKnows x=y")
        #expect(learns(refusal, attempt: 0))
        authorize()
        #expect(try answers().map(\.nonce) == ["3"])
        #expect(try answers().map(\.algorithm) == [.sha512_256])
    }

    @Test("a nonce is used again with its count raised (RFC 7616 §3.4)")
    func nonceCount() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\", qop=\"auth\""), attempt: 0)
        authorize()
        let first = try answers()
        authorize()
        let second = try answers()
        #expect((first + second).map(\.use?.count) == [1, 2])
        #expect(first[0].use?.clientNonce != second[0].use?.clientNonce)
    }

    @Test("of equally strong challenges the topmost is answered (RFC 8760 §2.4)")
    func topmost() throws {
        _ = learns(
            challenge(
                401, "Digest realm=\"r\", nonce=\"1\", algorithm=MD5",
                "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256-sess, qop=auth",
                "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-256, qop=auth"), attempt: 0)
        authorize()
        #expect(try answers().map(\.algorithm) == [.sha256Session])
    }

    @Test("several realms of a 401 and of a 407 are each answered, eight of them at most (RFC 3261 §22.3)")
    func realms() throws {
        #expect(
            learns(challenge(407, "Digest realm=\"p\", nonce=\"1\"", "Digest realm=\"q\", nonce=\"2\""), attempt: 0))
        #expect(learns(challenge(401, "Digest realm=\"r\", nonce=\"3\""), attempt: 1))
        authorize()
        #expect(try answers(.proxyAuthorization).map(\.realm) == ["p", "q"])
        #expect(try answers(.authorization).map(\.realm) == ["r"])
        let more = (1...9).map { "Digest realm=\"\($0)\", nonce=\"n\"" }
        var response = challenge(401)
        for challenge in more { response.headers.append(.wwwAuthenticate, challenge) }
        _ = learns(response, attempt: 2)
        authorize()
        #expect(try answers(.authorization).count + answers(.proxyAuthorization).count == 8)
    }

    @Test("a server's challenge is answered beforehand to that server alone, a proxy's to all (RFC 3261 §22.2, §22.3)")
    func destination() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\""), attempt: 0)
        _ = learns(challenge(407, "Digest realm=\"p\", nonce=\"2\""), attempt: 0)
        let registration = request
        let peer = URI(user: "peer", host: "r")
        request = Request(
            .message, target: peer, from: NameAddress(URI(host: "r")), to: NameAddress(peer), callID: "d", sequence: 1)
        authorize()
        #expect(try answers(.authorization).map(\.realm) == [])
        #expect(try answers(.proxyAuthorization).map(\.realm) == ["p"])
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"3\""), attempt: 1)
        request.to.tag = "t"
        request.target = URI(host: "elsewhere")
        authorize()
        #expect(try answers(.authorization).map(\.nonce) == ["3"])
        request = registration
        authorize()
        #expect(try answers(.authorization).map(\.nonce) == ["1"])
    }

    @Test("the nonces of a session stay while it lasts (RFC 7616 §3.4.2)")
    func session() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\", qop=\"auth\", algorithm=MD5-sess"), attempt: 0)
        authorize()
        let first = try answers()
        learnsSuccess("nextnonce=\"2\"")
        authorize()
        let second = try answers()
        #expect(first[0].use?.clientNonce == second[0].use?.clientNonce)
        #expect(second.map(\.nonce) == ["1"])
        #expect(second.map(\.use?.count) == [2])
    }

    @Test("the next nonce of a success is used from then on, its count beginning anew (RFC 7616 §3.5)")
    func nextNonce() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\", qop=\"auth\""), attempt: 0)
        authorize()
        learnsSuccess("qop=auth, nextnonce=\"2\"")
        authorize()
        #expect(try answers().map(\.nonce) == ["2"])
        #expect(try answers().map(\.use?.count) == [1])
        for other in ["", "nextnonce=", "nextnonce=\"\"", "=", "rspauth=\"00\""] {
            learnsSuccess(other)
            authorize()
            #expect(try answers().map(\.nonce) == ["2"])
        }
    }

    private func learnsSuccess(_ information: String) {
        authenticator.learn(
            fromSuccess: Response(to: request, status: 200, tag: "t", headers: [.authenticationInfo: information]),
            to: request)
    }

    @Test("a nonce used before may be refused without being called stale, though a proxy asked in between")
    func usedNonce() throws {
        _ = learns(challenge(401, "Digest realm=\"r\", nonce=\"1\", qop=\"auth\""), attempt: 0)
        authorize()
        authorize()
        #expect(learns(challenge(407, "Digest realm=\"p\", nonce=\"2\", qop=\"auth\""), attempt: 0))
        authorize()
        #expect(learns(challenge(401, "Digest realm=\"r\", nonce=\"3\", qop=\"auth\""), attempt: 1))
        authorize()
        #expect(!learns(challenge(401, "Digest realm=\"r\", nonce=\"4\", qop=\"auth\""), attempt: 2))
    }

    @Test("a server that calls every nonce stale is given up")
    func alwaysStale() {
        var attempt = 0
        while learns(challenge(401, "Digest realm=\"r\", nonce=\"\(attempt)\", stale=true"), attempt: attempt) {
            authorize()
            attempt += 1
        }
        #expect(attempt == 4)
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
