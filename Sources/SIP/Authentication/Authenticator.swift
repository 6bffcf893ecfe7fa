import Wire

/// Answers the digest challenges of registrars and proxies and remembers them for the next request (RFC 3261 §22).
struct Authenticator: Sendable {
    /// Who asks: the user agent server by 401 or a proxy by 407.
    enum Asker: Sendable, Hashable, CaseIterable {
        case server, proxy

        var challengeField: HeaderName { self == .server ? .wwwAuthenticate : .proxyAuthenticate }
        var answerField: HeaderName { self == .server ? .authorization : .proxyAuthorization }
        var informationField: HeaderName { self == .server ? .authenticationInfo : .proxyAuthenticationInfo }
    }

    private struct Protected: Sendable {
        var asker: Asker
        /// Who asked: a server's challenge is answered to nobody else beforehand, or its answer would be told to any
        /// other peer for the password to be guessed from. A proxy is on the way to all (RFC 3261 §22.2, §22.3).
        var destination: URI?
        var challenge: DigestChallenge
        var uses: UInt32 = 0
        /// One for the whole of a session, another for each request without.
        var clientNonce: String?
    }

    /// Enough for the servers a telephone talks to and the proxies before them; then the oldest is forgotten.
    private static let mostChallenges = 8
    private static let mostAttempts = 4

    private let credentials: UserAgent.Credentials?
    private var known: [Protected] = []

    init(_ credentials: UserAgent.Credentials?) { self.credentials = credentials }

    /// Writes the answers to all known challenges into a request.
    mutating func authorize(_ request: inout Request, randomness: inout Randomness) {
        Asker.allCases.forEach { request.headers.remove($0.answerField) }
        guard let credentials else { return }
        let destination = Self.destination(of: request)
        for index in known.indices where known[index].destination.map({ $0 == destination }) ?? true {
            let clientNonce = known[index].clientNonce ?? randomness.token(length: 16)
            if known[index].challenge.algorithm.isSession { known[index].clientNonce = clientNonce }
            known[index].uses &+= 1
            let answer = DigestCredentials(
                to: known[index].challenge, username: credentials.username, password: credentials.password,
                method: request.method, uri: request.target.description, body: request.body,
                count: known[index].uses, clientNonce: clientNonce)
            request.headers.append(known[index].asker.answerField, answer.description)
        }
    }

    /// Takes the challenges of a 401 or 407; whether it is worth sending the request again.
    ///
    /// It is not when what was refused was the first use of a nonce that came for this very request, `attempt` being
    /// more than 0: then the password is wrong. Any other may simply have been too old without being called stale.
    mutating func learn(from response: Response, to request: Request, attempt: Int) -> Bool {
        guard let credentials, let asker = Asker(status: response.status) else { return false }
        let answered = request.headers.all(asker.answerField).compactMap { try? DigestCredentials(parsing: $0) }
        var isWorthAnother = false
        for challenge in Self.strongest(response.headers.all(asker.challengeField)) {
            guard credentials.realm == nil || credentials.realm == challenge.realm else { continue }
            let previous = answered.first { $0.realm == challenge.realm }
            let isRefused = previous.map { $0.isFirstUse && attempt > 0 || $0.nonce == challenge.nonce } ?? false
            guard !isRefused || challenge.stale else { return false }
            remember(challenge, of: asker, for: request)
            isWorthAnother = true
        }
        return isWorthAnother && attempt < Self.mostAttempts
    }

    /// Takes the nonce for the next request from a 2xx (RFC 7616 §3.5).
    ///
    /// One for a session is not taken, since the session's secret stays with the first; nor one that could be of
    /// several realms, which the field does not tell.
    mutating func learn(fromSuccess response: Response, to request: Request) {
        let destination = Self.destination(of: request)
        for asker in Asker.allCases {
            guard let text = response.headers[asker.informationField],
                let nonce = (try? DigestFields(parsingWithoutScheme: text))?["nextnonce"], !nonce.isEmpty
            else { continue }
            let candidates = known.indices.filter {
                known[$0].asker == asker && (asker == .proxy || known[$0].destination == destination)
            }
            guard candidates.count == 1, let index = candidates.first, !known[index].challenge.algorithm.isSession,
                known[index].challenge.nonce != nonce
            else { continue }
            known[index].challenge.nonce = nonce
            known[index].uses = 0
        }
    }

    private mutating func remember(_ challenge: DigestChallenge, of asker: Asker, for request: Request) {
        let destination = asker == .server ? Self.destination(of: request) : nil
        known.removeAll {
            $0.asker == asker && $0.destination == destination && $0.challenge.realm == challenge.realm
        }
        if known.count == Self.mostChallenges { known.removeFirst() }
        known.append(Protected(asker: asker, destination: destination, challenge: challenge))
    }

    /// Whom a request is meant for: the registrar, or who is named in To whatever the way there.
    private static func destination(of request: Request) -> URI {
        request.method == .register ? request.target : request.to.uri
    }

    /// The strongest challenge of each realm, of equals the topmost, which the server prefers (RFC 8760 §2.4).
    private static func strongest(_ values: [String]) -> [DigestChallenge] {
        var best: [DigestChallenge] = []
        for challenge in values.compactMap({ try? DigestChallenge(parsing: $0) }) {
            guard let index = best.firstIndex(where: { $0.realm == challenge.realm }) else {
                best.append(challenge)
                continue
            }
            if best[index].algorithm.strength < challenge.algorithm.strength { best[index] = challenge }
        }
        return best
    }
}

extension DigestCredentials {
    fileprivate var isFirstUse: Bool { use.map { $0.count == 1 } ?? true }
}

extension Authenticator.Asker {
    fileprivate init?(status: Int) {
        switch status {
        case 401: self = .server
        case 407: self = .proxy
        default: return nil
        }
    }
}
