import Testing
import Wire

@testable import SIP

@Suite("Verifying digest answers")
final class DigestVerifierTests {
    private static let password = Redacted("secret")
    private var verifier = DigestVerifier(configuration: .init(realm: "example.com"), randomness: .seeded(1))
    private var authenticator = Authenticator(.init(username: "alice", password: DigestVerifierTests.password))
    private var randomness = Randomness.seeded(2)

    private func request() -> Request {
        Request(
            .register, target: URI(host: "example.com"), from: NameAddress(URI(host: "example.com")),
            to: NameAddress(URI(user: "alice", host: "example.com")), callID: "c", sequence: 1)
    }

    /// A request with what the client knows to answer.
    private func answered() -> Request {
        var request = request()
        authenticator.authorize(&request, randomness: &randomness)
        return request
    }

    private func check(_ request: Request, at seconds: Double = 0) -> DigestVerifier.Verdict {
        verifier.check(request, username: "alice", password: Self.password, at: .at(seconds))
    }

    /// The challenges the verifier answers with.
    private func challenges(_ request: Request, at seconds: Double = 0) throws -> [DigestChallenge] {
        guard case .challenge(let headers) = check(request, at: seconds) else { return [] }
        return try headers.all(.wwwAuthenticate).map { try DigestChallenge(parsing: $0) }
    }

    /// Lets the client learn the challenge to a request.
    private func learn(at seconds: Double = 0) -> Bool {
        let request = answered()
        guard case .challenge(let headers) = check(request, at: seconds) else { return false }
        let response = Response(to: request, status: 401, tag: "t", headers: headers)
        return authenticator.learn(from: response, to: request, attempt: 0)
    }

    @Test("the algorithms are offered strongest first (RFC 8760 §2.3), and the client takes the strongest")
    func offer() throws {
        #expect(try challenges(request()).map(\.algorithm) == [.sha512_256, .sha256, .md5])
        #expect(learn())
        let request = answered()
        let answer = try DigestCredentials(parsing: try #require(request.headers[.authorization]))
        #expect(answer.algorithm == .sha512_256)
        #expect(check(request) == .authentic([:]))
    }

    @Test("every algorithm offered may be answered, and no other", arguments: DigestAlgorithm.allCases)
    func algorithms(_ algorithm: DigestAlgorithm) throws {
        let nonce = try #require(try challenges(request()).first?.nonce)
        let challenge = DigestChallenge(realm: "example.com", nonce: nonce, algorithm: algorithm)
        var request = request()
        request.headers[.authorization] =
            DigestCredentials(
                to: challenge, username: "alice", password: Self.password, method: .register, uri: "sip:example.com",
                count: 1, clientNonce: "c"
            ).description
        if algorithm.isSession {
            #expect(try challenges(request).count == 3)
        } else {
            #expect(check(request) == .authentic([:]))
        }
    }

    @Test("a nonce goes on being good while its count is raised; what comes again is stale (RFC 7616 §3.4)")
    func replay() throws {
        _ = learn()
        let first = answered()
        let second = answered()
        #expect(check(first) == .authentic([:]))
        #expect(check(second) == .authentic([:]))
        #expect(try challenges(second).map(\.stale) == [true, true, true])
        #expect(try challenges(first).map(\.stale) == [true, true, true])
        #expect(check(answered()) == .authentic([:]))
    }

    @Test("an old nonce is stale for who knows the password, and followed in time by the next (RFC 7616 §3.5)")
    func lifetime() throws {
        _ = learn()
        #expect(check(answered(), at: 149) == .authentic([:]))
        let request = answered()
        guard case .authentic(let headers) = check(request, at: 150) else {
            Issue.record("refused")
            return
        }
        let stranded = answered()
        authenticator.learn(
            fromSuccess: Response(to: request, status: 200, tag: "t", headers: headers), to: request)
        #expect(try challenges(stranded, at: 300).map(\.stale) == [true, true, true])
        #expect(check(answered(), at: 299) == .authentic([:]))
    }

    @Test("a wrong password is refused, also with an old nonce")
    func wrongPassword() {
        authenticator = Authenticator(.init(username: "alice", password: Redacted("other")))
        _ = learn()
        #expect(check(answered()) == .refused(status: 403))
        #expect(check(answered(), at: 1000) == .refused(status: 403))
    }

    @Test("another user's answer is refused")
    func wrongUser() {
        authenticator = Authenticator(.init(username: "bob", password: Self.password))
        _ = learn()
        #expect(check(answered()) == .refused(status: 403))
    }

    @Test("an answer for another URI is 400 (RFC 7616 §3.4.6)")
    func otherURI() {
        _ = learn()
        var request = answered()
        request.target = URI(host: "other.example.com")
        #expect(check(request) == .refused(status: 400))
    }

    @Test("what is no answer to a challenge of ours is challenged anew")
    func foreign() throws {
        for (old, new) in [
            ("realm=\"example.com\"", "realm=\"x\""), (", qop=auth", ""), ("nonce=\"", "nonce=\"0"),
            ("SHA-512-256", "SHA-3"),
        ] {
            _ = learn()
            var request = answered()
            request.headers[.authorization] = request.headers[.authorization]?.replacing(old, with: new)
            #expect(try challenges(request).map(\.stale) == [false, false, false])
        }
        let elsewhere = DigestVerifier(configuration: .init(realm: "example.com"), randomness: .seeded(9))
        _ = learn()
        verifier = elsewhere
        #expect(try challenges(answered()).map(\.stale) == [false, false, false])
    }

    @Test("nonces that are kept are bounded: forgotten ones are stale, not good again")
    func bounds() throws {
        var configuration = DigestVerifier.Configuration(realm: "example.com")
        configuration.nonces = 2
        verifier = DigestVerifier(configuration: configuration, randomness: .seeded(1))
        _ = learn()
        let first = answered()
        #expect(check(first) == .authentic([:]))
        for second in 1...2 {
            authenticator = Authenticator(.init(username: "alice", password: Self.password))
            _ = learn(at: Double(second))
            #expect(check(answered(), at: Double(second)) == .authentic([:]))
        }
        #expect(try challenges(first, at: 3).map(\.stale) == [true, true, true])
        #expect(check(answered(), at: 3) == .authentic([:]))
    }
}
