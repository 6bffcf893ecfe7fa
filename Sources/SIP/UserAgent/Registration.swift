import Wire

/// Keeps one binding alive at a registrar (RFC 3261 §10.2, RFC 5626 §4).
///
/// It says when to send a REGISTER and with which expiration; the user agent makes and sends the request. What fails is
/// tried again after a pause, and at once on the next connection, unless trying again cannot help.
package struct Registration: Sendable {
    package enum State: Sendable, Equatable {
        /// No binding is wanted, or there has not been a connection yet.
        case unregistered
        case registering
        case registered(until: Instant)
        case refreshing(until: Instant)
        /// `until` is how long the binding from before still stands; at `retry` the next REGISTER goes out by itself.
        /// Without a `retry` it waits for another connection, or the failure is final.
        case failed(Failure, until: Instant?, retry: Instant?)
        case unregistering
    }

    package enum Failure: Sendable, Equatable {
        /// The registrar's final answer, a refused password included.
        case rejected(status: Int, reason: String)
        /// A 200 that lists others and not our Contact: there is no binding (RFC 3261 §10.2.4). One that lists nobody, as some
        /// gateways have it, is believed.
        case unlisted
        case timedOut
        case transport

        /// Trying again cannot help: the credentials or the address of record are wrong.
        package var isFinal: Bool {
            if case .rejected(let status, _) = self { [401, 403, 404, 407].contains(status) } else { false }
        }
    }

    enum Input: Sendable {
        case register(seconds: Int), unregister
        case response(Response), failed(TransactionFailure)
        case transportConnected, transportFailed
        case pong
        case deadlineReached
    }

    enum Output: Sendable, Equatable {
        /// A REGISTER, to the registrar unless that has sent us elsewhere.
        case send(seconds: Int, to: URI? = nil)
        case state(State)
        case ping
    }

    /// A Retry-After that has to be waited for on the next connection too.
    private struct Postponement {
        var failure: Failure
        var end: Instant
    }

    private let contact: NameAddress
    private(set) var state = State.unregistered
    /// What the registrar has granted; nil when it has ended or cannot be reached.
    private(set) var binding: Binding?
    /// The expiration the owner wants; nil when no binding is wanted.
    private var wanted: Int?
    /// The expiration asked for by the REGISTER that is out.
    private var asked: Int?
    /// Whether it has been raised because of a 423.
    private var isRaised = false
    /// Where the registrar has sent it (RFC 3261 §8.1.3.4).
    private var redirection: URI?
    private var refresh: Instant?
    private var failures = 0
    private var postponement: Postponement?
    private var isConnected = false
    /// There as long as a binding whose registrar has asked for it.
    private var keepAlive: KeepAlive?

    /// A contact with the parameters `+sip.instance` and `reg-id` if outbound is on.
    init(contact: NameAddress) { self.contact = contact }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .registered: earliest(refresh, keepAlive?.deadline)
        case .refreshing(let until): earliest(until, keepAlive?.deadline)
        case .failed(_, let until, let retry): earliest(earliest(until, retry), keepAlive?.deadline)
        case .unregistered, .registering, .unregistering: keepAlive?.deadline
        }
    }

    mutating func handle(_ input: Input, at now: Instant, using randomness: inout Randomness) -> [Output] {
        switch input {
        case .register(let seconds):
            wanted = max(seconds, 1)
            return register(at: now)
        case .unregister:
            wanted = nil
            return unregister()
        case .response(let response):
            return take(response, at: now, using: &randomness)
        case .failed(let failure):
            guard asked != nil else { return [] }
            return fail(failure == .timedOut ? .timedOut : .transport, after: nil, at: now, using: &randomness)
        case .transportConnected:
            isConnected = true
            return register(at: now)
        case .transportFailed:
            isConnected = false
            return lose()
        case .pong:
            keepAlive?.pongReceived(at: now, using: &randomness)
            return []
        case .deadlineReached:
            switch keepAlive?.deadlineReached(at: now) {
            case .ping: return [.ping] + reachDeadline(at: now)
            case .dead: return loseFlow(at: now, using: &randomness)
            case nil: return reachDeadline(at: now)
            }
        }
    }

    private mutating func register(at now: Instant) -> [Output] {
        guard isConnected, asked == nil, let wanted else { return [] }
        if let postponement, now < postponement.end {
            return enter(.failed(postponement.failure, until: binding?.until, retry: postponement.end))
        }
        asked = wanted
        (isRaised, redirection) = (false, nil)
        return enter(binding.map { .refreshing(until: $0.until) } ?? .registering) + [.send(seconds: wanted)]
    }

    private mutating func unregister() -> [Output] {
        guard asked == nil else { return [] }
        guard isConnected, binding != nil else { return enter(.unregistered) }
        asked = 0
        redirection = nil
        return enter(.unregistering) + [.send(seconds: 0)]
    }

    private mutating func take(
        _ response: Response, at now: Instant, using randomness: inout Randomness
    ) -> [Output] {
        guard let sent = asked else { return [] }
        if response.status == 423, !isRaised, wanted != nil, let least = response.minimumExpiration, least > sent {
            (wanted, asked, isRaised) = (least, least, true)
            return [.send(seconds: least, to: redirection)]
        }
        if redirection == nil, let target = response.redirection {
            redirection = target
            return [.send(seconds: sent, to: target)]
        }
        let rejection = Failure.rejected(status: response.status, reason: response.reason)
        if sent == 0 {
            (asked, binding, keepAlive) = (nil, nil, nil)
            let end = response.isSuccess ? State.unregistered : .failed(rejection, until: nil, retry: nil)
            return enter(end) + register(at: now)
        }
        guard response.isSuccess else {
            return fail(rejection, after: response.retryAfter, at: now, using: &randomness)
        }
        guard response.contacts.isEmpty || response.contact(bound: contact) != nil else {
            (binding, keepAlive) = (nil, nil)
            return fail(.unlisted, after: nil, at: now, using: &randomness)
        }
        (asked, failures, postponement) = (nil, 0, nil)
        let lifetime = response.expiration(of: contact) ?? sent
        let binding = Binding(response, of: contact, until: now + .seconds(lifetime))
        self.binding = binding
        keepAlive = binding.flowTimer.map { KeepAlive(flowTimer: $0, at: now, using: &randomness) }
        refresh = binding.until - Self.margin(of: .seconds(lifetime))
        let outputs = enter(.registered(until: binding.until))
        return wanted == nil ? outputs + unregister() : outputs
    }

    /// How long before the end a binding is refreshed: time for two transactions without an answer, and a quarter of a
    /// long lifetime, but at most half of a short one.
    private static func margin(of lifetime: Duration) -> Duration {
        min(lifetime / 2, max(.transactionTimeout * 2, lifetime / 4))
    }

    private mutating func reachDeadline(at now: Instant) -> [Output] {
        switch state {
        case .registered where refresh.map { now >= $0 } ?? false:
            return register(at: now)
        case .refreshing(let until) where now >= until:
            binding = nil
            return enter(.registering)
        case .failed(let failure, let until, let retry):
            var outputs: [Output] = []
            if let until, now >= until {
                binding = nil
                outputs = enter(.failed(failure, until: nil, retry: retry))
            }
            return retry.map { now >= $0 } ?? false ? outputs + register(at: now) : outputs
        default:
            return []
        }
    }

    private mutating func lose() -> [Output] {
        (asked, binding, keepAlive) = (nil, nil, nil)
        switch state {
        case .unregistered, .failed(_, nil, nil): return []
        case .registering, .registered, .refreshing, .unregistering, .failed:
            return enter(.failed(.transport, until: nil, retry: nil))
        }
    }

    private mutating func enter(_ new: State) -> [Output] {
        guard new != state else { return [] }
        state = new
        return [.state(new)]
    }
}

// What did not go well.
extension Registration {
    private static let longestPause = 30
    /// What Retry-After may ask for at most: a registrar cannot switch a telephone off for a day.
    private static let longestPostponement = Duration.seconds(3600)

    private mutating func fail(
        _ failure: Failure, after delay: Duration?, at now: Instant, using randomness: inout Randomness
    ) -> [Output] {
        asked = nil
        failures += 1
        if failure.isFinal {
            (wanted, binding, keepAlive) = (nil, nil, nil)
            return enter(.failed(failure, until: nil, retry: nil))
        }
        guard wanted != nil else { return unregister() }
        var retry = now + pause(using: &randomness)
        if let delay {
            let end = now + min(delay, Self.longestPostponement)
            postponement = Postponement(failure: failure, end: end)
            retry = max(retry, end)
        }
        return enter(.failed(failure, until: binding?.until, retry: retry))
    }

    /// No pong: what was bound over the flow cannot be reached (RFC 5626 §4.4.1).
    private mutating func loseFlow(at now: Instant, using randomness: inout Randomness) -> [Output] {
        (binding, keepAlive) = (nil, nil)
        return fail(.timedOut, after: nil, at: now, using: &randomness)
    }

    /// 1, 2, 4 … 30 s, thrice that while a binding still stands, each cut by up to a half at random (RFC 5626 §4.5).
    ///
    /// The RFC has the same ratio from 30 and 90 s up to half an hour, which a telephone cannot be away.
    private func pause(using randomness: inout Randomness) -> Duration {
        let base = (binding == nil ? 1 : 3) << min(failures - 1, 5)
        let seconds = min(Self.longestPause, base)
        return .milliseconds(Int.random(in: seconds * 500...seconds * 1000, using: &randomness))
    }
}

extension Response {
    /// The registrar that is to be asked in this one's place: the best SIP Contact of a redirection; on the same connection,
    /// which is all a telephone behind a gateway has (RFC 3261 §10.3, §8.1.3.4).
    fileprivate var redirection: URI? {
        guard [300, 301, 302].contains(status) else { return nil }
        let sip = contacts.filter { [.sip, .sips].contains($0.uri.scheme) }
        guard let best = sip.map(\.preference).max() else { return nil }
        return sip.first { $0.preference == best }?.uri.domain
    }

    /// RFC 3261 §20.23.
    fileprivate var minimumExpiration: Int? { seconds(headers[.minExpires]) }

    /// The delay alone, without comment and parameters (RFC 3261 §20.33).
    fileprivate var retryAfter: Duration? {
        let digits = headers[.retryAfter]?.prefix { $0.isASCII && $0.isNumber }
        return seconds(digits.map(String.init)).map { .seconds($0) }
    }
}
