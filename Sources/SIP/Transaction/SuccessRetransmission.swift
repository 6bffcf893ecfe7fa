import Wire

/// Sends a 2xx to an INVITE again until its ACK comes, on every kind of transport (RFC 3261 §13.3.1.4).
struct SuccessRetransmission: Sendable {
    enum Output: Sendable, Equatable { case send(Response), fail(TransactionFailure) }
    private enum State {
        case waiting(next: Instant, interval: Duration, giveUp: Instant)
        case ended
    }

    private let response: Response
    private var state: State

    /// The response has just been sent for the first time.
    init(_ response: Response, at now: Instant) {
        self.response = response
        state = .waiting(next: now + .t1, interval: .t1, giveUp: now + .transactionTimeout)
    }

    var deadline: Instant? {
        if case .waiting(let next, _, let giveUp) = state { min(next, giveUp) } else { nil }
    }

    var isWaiting: Bool { if case .waiting = state { true } else { false } }

    mutating func acknowledged() { state = .ended }

    mutating func deadlineReached(at now: Instant) -> [Output] {
        guard case .waiting(let next, let interval, let giveUp) = state else { return [] }
        if now >= giveUp {
            state = .ended
            return [.fail(.timedOut)]
        }
        guard now >= next else { return [] }
        let doubled = min(interval * 2, .t2)
        state = .waiting(next: now + doubled, interval: doubled, giveUp: giveUp)
        return [.send(response)]
    }
}
