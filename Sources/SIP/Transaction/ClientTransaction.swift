import Wire

/// The non-INVITE client transaction of RFC 3261 §17.1.2, Figure 6, on a reliable transport.
///
/// Timer E does not run there and timer K is zero, so that Completed ends at once.
struct ClientTransaction: Sendable {
    enum Input: Sendable { case start, response(Response), transportFailed, deadlineReached }
    enum Output: Sendable, Equatable { case send(Request), deliver(Response), fail(TransactionFailure) }
    private enum State { case idle, trying(timerF: Instant), proceeding(timerF: Instant), terminated }

    let request: Request
    private var state = State.idle

    init(_ request: Request) { self.request = request }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .trying(let timerF), .proceeding(let timerF): timerF
        case .idle, .terminated: nil
        }
    }

    var isTerminated: Bool { if case .terminated = state { true } else { false } }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .start):
            state = .trying(timerF: now + .transactionTimeout)
            return [.send(request)]
        case (.trying(let timerF), .response(let response)), (.proceeding(let timerF), .response(let response)):
            state = response.isProvisional ? .proceeding(timerF: timerF) : .terminated
            return [.deliver(response)]
        case (.trying(let timerF), .deadlineReached) where now >= timerF,
            (.proceeding(let timerF), .deadlineReached) where now >= timerF:
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
