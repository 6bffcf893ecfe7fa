import Wire

/// The INVITE client transaction of RFC 3261 §17.1.1, Figure 5, as RFC 6026 §8.4 corrects it, on a reliable transport.
///
/// Timer A does not run there and timer D is zero, so that Completed ends at once, its ACK sent. The ACK of a 2xx is
/// not the transaction's: Accepted hands every 2xx up, retransmissions included.
struct InviteClientTransaction: Sendable {
    enum Input: Sendable { case start, response(Response), transportFailed, deadlineReached }
    enum Output: Sendable, Equatable { case send(Request), deliver(Response), fail(TransactionFailure) }
    private enum State { case idle, calling(timerB: Instant), proceeding, accepted(timerM: Instant), terminated }

    let request: Request
    private var state = State.idle

    init(_ request: Request) { self.request = request }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    var deadline: Instant? {
        switch state {
        case .calling(let timerB): timerB
        case .accepted(let timerM): timerM
        case .idle, .proceeding, .terminated: nil
        }
    }

    var isTerminated: Bool { if case .terminated = state { true } else { false } }

    /// Whether a provisional response came, which a CANCEL has to wait for (RFC 3261 §9.1).
    var isProceeding: Bool { if case .proceeding = state { true } else { false } }

    /// Whether the final response is still to come.
    var isPending: Bool {
        switch state {
        case .idle, .calling, .proceeding: true
        case .accepted, .terminated: false
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .start):
            state = .calling(timerB: now + .transactionTimeout)
            return [.send(request)]
        case (.calling, .response(let response)), (.proceeding, .response(let response)):
            return take(response, at: now)
        case (.accepted, .response(let response)) where response.isSuccess:
            return [.deliver(response)]
        case (.calling(let timerB), .deadlineReached) where now >= timerB:
            state = .terminated
            return [.fail(.timedOut)]
        case (.accepted(let timerM), .deadlineReached) where now >= timerM:
            state = .terminated
            return []
        case (.calling, .transportFailed), (.proceeding, .transportFailed):
            state = .terminated
            return [.fail(.transport)]
        case (.idle, _), (.calling, _), (.proceeding, _), (.accepted, _), (.terminated, _):
            return []
        }
    }

    private mutating func take(_ response: Response, at now: Instant) -> [Output] {
        if response.isProvisional {
            state = .proceeding
            return [.deliver(response)]
        }
        if response.isSuccess {
            state = .accepted(timerM: now + .transactionTimeout)
            return [.deliver(response)]
        }
        state = .terminated
        return [.send(acknowledgement(of: response)), .deliver(response)]
    }

    /// The ACK of a refusal: the transaction's own request but for method and To (RFC 3261 §17.1.1.3).
    private func acknowledgement(of response: Response) -> Request {
        var ack = request
        ack.method = .ack
        ack.cSeq.method = .ack
        ack.to = response.to
        ack.maxForwards = 70
        ack.headers = Headers(request.headers.fields.filter { $0.name == .route })
        ack.body = []
        return ack
    }
}
