import Crypto
import Wire

/// The server's side of digest access authentication (RFC 7616 §3, RFC 8760, RFC 3261 §22).
///
/// A nonce proves by itself that it is from here and when it was made, so that a challenge costs no memory. Only the
/// nonces of those who know a password are kept, with the count their last request had.
package struct DigestVerifier: Sendable {
    package struct Configuration: Sendable {
        package var realm: String
        /// Those offered, the most preferred first.
        package var algorithms: [DigestAlgorithm] = [.sha512_256, .sha256, .md5]
        package var nonceLifetime = Duration.seconds(300)
        /// How many nonces are kept at a time; the oldest is stale when there are more.
        package var nonces = 4096

        package init(realm: String) { self.realm = realm }
    }

    package enum Verdict: Sendable, Equatable {
        /// The sender is the user; the fields are for a response of success.
        case authentic(Headers)
        /// The fields are for a 401.
        case challenge(Headers)
        /// The password is wrong (403), or what was sent contradicts itself (400).
        case refused(status: Int)
    }

    private struct Use {
        var issued: Instant
        var count: UInt32
    }

    private let configuration: Configuration
    private let key: [UInt8]
    private var randomness: Randomness
    private var uses: [String: Use] = [:]
    /// Nonces up to that age have been forgotten, so that they could be used again.
    private var forgotten: Instant?

    package init(configuration: Configuration, randomness: Randomness) {
        self.configuration = configuration
        self.randomness = randomness
        key = self.randomness.bytes(32)
    }

    /// Whether a request is from that user.
    package mutating func check(
        _ request: Request, username: String, password: Redacted<String>, at now: Instant
    ) -> Verdict {
        let answers = request.headers.all(.authorization).compactMap { try? DigestCredentials(parsing: $0) }
        guard let answer = answers.first(where: { $0.realm == configuration.realm }), let use = answer.use,
            configuration.algorithms.contains(answer.algorithm), let issued = issueTime(of: answer.nonce)
        else { return challenge(at: now) }
        guard let uri = try? URI(parsing: answer.uri), uri.isEquivalent(to: request.target) else {
            return .refused(status: 400)
        }
        guard
            answer.verify(username: username, password: password, method: request.method, body: request.body)
        else { return .refused(status: 403) }
        let isForgotten = forgotten.map { issued <= $0 && uses[answer.nonce] == nil } ?? false
        guard now - issued < configuration.nonceLifetime, !isForgotten, use.count > uses[answer.nonce]?.count ?? 0
        else { return challenge(isStale: true, at: now) }
        uses[answer.nonce] = Use(issued: issued, count: use.count)
        forgetNonces(at: now)
        return .authentic(information(about: issued, at: now))
    }

    private mutating func challenge(isStale: Bool = false, at now: Instant) -> Verdict {
        let nonce = makeNonce(at: now)
        let challenges = configuration.algorithms.map {
            DigestChallenge(realm: configuration.realm, nonce: nonce, algorithm: $0, stale: isStale).description
        }
        return .challenge(Headers(challenges.map { Headers.Field(.wwwAuthenticate, $0) }))
    }

    /// A nonce in the second half of its life is followed by another before it is stale (RFC 7616 §3.5).
    private mutating func information(about issued: Instant, at now: Instant) -> Headers {
        guard now - issued >= configuration.nonceLifetime / 2 else { return [:] }
        return [.authenticationInfo: "nextnonce=\(makeNonce(at: now).quoted)"]
    }

    private mutating func forgetNonces(at now: Instant) {
        guard uses.count > configuration.nonces else { return }
        uses = uses.filter { now - $0.value.issued < configuration.nonceLifetime }
        guard uses.count > configuration.nonces, let oldest = uses.min(by: { $0.value.issued < $1.value.issued })
        else { return }
        uses[oldest.key] = nil
        forgotten = max(oldest.value.issued, forgotten ?? oldest.value.issued)
    }
}

// The form of a nonce: time, random number, and a code over both and the realm, in hexadecimal.
extension DigestVerifier {
    private static let codeSize = 16

    private mutating func makeNonce(at now: Instant) -> String {
        var writer = ByteWriter()
        writer.write(UInt64(bitPattern: now.nanoseconds))
        writer.write(randomness.next())
        return (writer.bytes + code(over: writer.bytes)).hex
    }

    /// When the nonce was made; nil when it is none of ours.
    private func issueTime(of nonce: String) -> Instant? {
        let digits = Array(nonce.utf8)
        guard digits.count == 2 * (16 + Self.codeSize), digits.allSatisfy(\.isHexDigit) else { return nil }
        let content = nonce.prefix(32)
        guard let time = UInt64(content.prefix(16), radix: 16), let number = UInt64(content.suffix(16), radix: 16)
        else {
            return nil
        }
        var writer = ByteWriter()
        writer.write(time)
        writer.write(number)
        let expected = code(over: writer.bytes).hex
        guard constantTimeEqual(Array(digits.suffix(2 * Self.codeSize)), Array(expected.utf8)) else { return nil }
        return Instant(nanoseconds: Int64(bitPattern: time))
    }

    private func code(over content: [UInt8]) -> [UInt8] {
        Array(HMAC.sha256(key: key, data: content + Array(configuration.realm.utf8)).prefix(Self.codeSize))
    }
}
