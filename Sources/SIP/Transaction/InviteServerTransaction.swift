import Wire

/// The INVITE server transaction of RFC 3261 §17.2.1, Figure 7, as RFC 6026 §8.5 corrects it, on a reliable transport.
///
/// Timer G does not run there and timer I is zero, so that Confirmed ends at once. Retransmitting a 2xx is not the
/// transaction's work but that of ``ResponseRetransmission``.
struct InviteServerTransaction: Sendable {
    enum Input: Sendable { case start, retransmission, respond(Response), ack, transportFailed, deadlineReached }
    enum Output: Sendable, Equatable { case deliver(Request), send(Response), fail(TransactionFailure) }
    private enum State {
        case idle
        case proceeding(last: Response?, trying: Instant?)
        case completed(Response, timerH: Instant)
        case accepted(timerL: Instant)
        case terminated
    }

    let request: Request
    private var state = State.idle

    init(_ request: Request) { self.request = request }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .proceeding(_, let trying): trying
        case .completed(_, let timerH): timerH
        case .accepted(let timerL): timerL
        case .idle, .terminated: nil
        }
    }

    var isTerminated: Bool { if case .terminated = state { true } else { false } }

    /// Whether a final response may still be given.
    var isPending: Bool { if case .proceeding = state { true } else { false } }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .start):
            state = .proceeding(last: nil, trying: now + .trying)
            return [.deliver(request)]
        case (.proceeding(let last?, _), .retransmission):
            return [.send(last)]
        case (.proceeding(_, let trying?), .deadlineReached) where now >= trying:
            let response = Response(to: request, status: 100, tag: nil)
            state = .proceeding(last: response, trying: nil)
            return [.send(response)]
        case (.proceeding, .respond(let response)):
            return respond(response, at: now)
        case (.accepted, .respond(let response)) where response.isSuccess:
            return [.send(response)]
        case (.completed(let response, _), .retransmission):
            return [.send(response)]
        case (.completed, .ack):
            state = .terminated
            return []
        case (.completed(_, let timerH), .deadlineReached) where now >= timerH:
            state = .terminated
            return [.fail(.timedOut)]
        case (.accepted(let timerL), .deadlineReached) where now >= timerL:
            state = .terminated
            return []
        case (.proceeding, .transportFailed), (.completed, .transportFailed):
            state = .terminated
            return [.fail(.transport)]
        case (.idle, _), (.proceeding, _), (.completed, _), (.accepted, _), (.terminated, _):
            return []
        }
    }

    private mutating func respond(_ response: Response, at now: Instant) -> [Output] {
        if response.isProvisional {
            state = .proceeding(last: response, trying: nil)
        } else if response.isSuccess {
            state = .accepted(timerL: now + .transactionTimeout)
        } else {
            state = .completed(response, timerH: now + .transactionTimeout)
        }
        return [.send(response)]
    }
}
