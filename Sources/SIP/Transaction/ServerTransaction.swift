import Wire

/// The non-INVITE server transaction of RFC 3261 §17.2.2, Figure 8, on a reliable transport.
///
/// Timer J is zero there, so that Completed ends at once. A request that its owner never answers is forgotten after
/// 64·T1, when the client has given up on it (RFC 4320 §4.2).
struct ServerTransaction: Sendable {
    enum Input: Sendable { case start, retransmission, respond(Response), transportFailed, deadlineReached }
    enum Output: Sendable, Equatable { case deliver(Request), send(Response), fail(TransactionFailure) }
    private enum State {
        case idle
        case trying(giveUp: Instant)
        case proceeding(Response, giveUp: Instant)
        case terminated
    }

    let request: Request
    private var state = State.idle

    init(_ request: Request) { self.request = request }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .trying(let giveUp), .proceeding(_, let giveUp): giveUp
        case .idle, .terminated: nil
        }
    }

    var isTerminated: Bool { if case .terminated = state { true } else { false } }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .start):
            state = .trying(giveUp: now + .transactionTimeout)
            return [.deliver(request)]
        case (.proceeding(let last, _), .retransmission):
            return [.send(last)]
        case (.trying(let giveUp), .respond(let response)), (.proceeding(_, let giveUp), .respond(let response)):
            state = response.isProvisional ? .proceeding(response, giveUp: giveUp) : .terminated
            return [.send(response)]
        case (.trying(let giveUp), .deadlineReached) where now >= giveUp,
            (.proceeding(_, let giveUp), .deadlineReached) where now >= giveUp:
            state = .terminated
            return [.fail(.timedOut)]
        case (.trying, .transportFailed), (.proceeding, .transportFailed):
            state = .terminated
            return [.fail(.transport)]
        case (.idle, _), (.trying, _), (.proceeding, _), (.terminated, _):
            return []
        }
    }
}
