import Wire

/// Keeps one binding alive at a registrar (RFC 3261 §10.2).
///
/// It says when to send a REGISTER and with which expiration; the user agent makes and sends the request. A rejection
/// ends it; after the loss of the connection it registers again by itself on the next one.
package struct Registration: Sendable {
    package enum State: Sendable, Equatable {
        case unregistered
        case registering
        case registered(until: Instant)
        case refreshing(until: Instant)
        case unregistering
        case failed(Failure)
    }

    package enum Failure: Sendable, Equatable {
        /// The registrar's final answer, a refused password included.
        case rejected(status: Int, reason: String)
        case timedOut
        case transport
    }

    enum Input: Sendable {
        case register(seconds: Int), unregister
        case response(Response), failed(TransactionFailure)
        case transportConnected, transportFailed
        case deadlineReached
    }

    enum Output: Sendable, Equatable { case send(seconds: Int), state(State) }

    private let contact: URI
    private(set) var state = State.unregistered
    /// The expiration the owner wants; nil when no binding is wanted.
    private var wanted: Int?
    /// The expiration asked for by the REGISTER that is out.
    private var asked: Int?
    private var refresh: Instant?
    private var isConnected = false

    init(contact: URI) { self.contact = contact }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .registered: refresh
        case .refreshing(let until): until
        case .unregistered, .registering, .unregistering, .failed: nil
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch input {
        case .register(let seconds):
            wanted = max(seconds, 1)
            return register()
        case .unregister:
            wanted = nil
            return unregister()
        case .response(let response):
            return take(response, at: now)
        case .failed(let failure):
            return end(.failed(failure == .timedOut ? .timedOut : .transport))
        case .transportConnected:
            isConnected = true
            return register()
        case .transportFailed:
            isConnected = false
            return lose()
        case .deadlineReached:
            return reachDeadline(at: now)
        }
    }

    private mutating func register() -> [Output] {
        guard isConnected, asked == nil, let wanted else { return [] }
        asked = wanted
        if case .registered(let until) = state { return enter(.refreshing(until: until)) + [.send(seconds: wanted)] }
        return enter(.registering) + [.send(seconds: wanted)]
    }

    private mutating func unregister() -> [Output] {
        guard asked == nil else { return [] }
        guard isConnected, case .registered = state else { return enter(.unregistered) }
        asked = 0
        return enter(.unregistering) + [.send(seconds: 0)]
    }

    private mutating func take(_ response: Response, at now: Instant) -> [Output] {
        guard let sent = asked else { return [] }
        if response.status == 423, let least = response.minimumExpiration, let wanted, least > wanted {
            (self.wanted, asked) = (least, least)
            return [.send(seconds: least)]
        }
        guard response.isSuccess else {
            wanted = nil
            return end(.failed(.rejected(status: response.status, reason: response.reason)))
        }
        asked = nil
        if sent == 0 { return enter(.unregistered) + register() }
        let lifetime = Duration.seconds(response.expiration(of: contact) ?? sent)
        refresh = now + lifetime - min(max(.seconds(5), lifetime / 10), lifetime / 2)
        let outputs = enter(.registered(until: now + lifetime))
        return wanted == nil ? outputs + unregister() : outputs
    }

    private mutating func reachDeadline(at now: Instant) -> [Output] {
        switch state {
        case .registered where refresh.map { now >= $0 } ?? false: register()
        case .refreshing(let until) where now >= until: enter(.registering)
        default: []
        }
    }

    private mutating func lose() -> [Output] {
        switch state {
        case .unregistered, .failed: []
        case .registering, .registered, .refreshing, .unregistering: end(.failed(.transport))
        }
    }

    private mutating func end(_ state: State) -> [Output] {
        asked = nil
        return enter(state)
    }

    private mutating func enter(_ new: State) -> [Output] {
        guard new != state else { return [] }
        state = new
        return [.state(new)]
    }
}

extension Response {
    /// The longest expiration that is believed, so that no answer makes time overflow.
    private static let longestExpiration = 1 << 31

    /// RFC 3261 §20.23.
    fileprivate var minimumExpiration: Int? {
        headers[.minExpires].flatMap(Int.init).flatMap { 1...Self.longestExpiration ~= $0 ? $0 : nil }
    }

    /// How long the registrar keeps the binding, in seconds (RFC 3261 §10.2.4).
    fileprivate func expiration(of contact: URI) -> Int? {
        let bound = contacts.first { $0.uri.user == contact.user && $0.uri.hostAndPort == contact.hostAndPort }
        let text = (bound ?? contacts.first)?.parameters["expires"] ?? headers[.expires]
        return text.flatMap(Int.init).flatMap { 1...Self.longestExpiration ~= $0 ? $0 : nil }
    }
}
