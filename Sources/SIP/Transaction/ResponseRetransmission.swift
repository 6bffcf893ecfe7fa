import Wire

/// Sends a response to an INVITE again until the other side acknowledges it, on every kind of transport: a 2xx until
/// its ACK (RFC 3261 §13.3.1.4), a reliable provisional response until its PRACK (RFC 3262 §3).
struct ResponseRetransmission: Sendable {
    enum Output: Sendable, Equatable { case send(Response), fail(TransactionFailure) }
    private enum State {
        case waiting(next: Instant, interval: Duration, giveUp: Instant)
        case ended
    }

    let response: Response
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
        // The intervals of a provisional response grow without a limit.
        let doubled = response.isProvisional ? interval * 2 : min(interval * 2, .t2)
        state = .waiting(next: now + doubled, interval: doubled, giveUp: giveUp)
        return [.send(response)]
    }
}
