extension UserAgent {
    /// Why no final response came.
    package enum Failure: Sendable, Equatable {
        case timedOut
        case transport
        /// The request was not sent: no such call, a re-INVITE under way, or too much pending.
        case refused
    }

    /// How a call ended.
    package enum CallEnd: Sendable, Equatable {
        /// Our own BYE or refusal.
        case hungUp
        /// The far side's BYE.
        case bye(Request)
        /// The caller's CANCEL, or our own, or the end of the time that the invitation was good for.
        case cancelled(Request?)
        /// The response that refused our INVITE, or that said the far side no longer knows the call.
        case rejected(Response)
        /// No final response to our INVITE, or no ACK of our 2xx.
        case timedOut
        /// Another call has taken its place (RFC 3891).
        case replaced(by: CallHandle)
        /// Nobody refreshed the session (RFC 4028 §10).
        case expired
        /// The connection went before the call was answered.
        case transport
        /// The call was not started: its handle is taken, or too much is pending.
        case refused
    }

    /// Facts for the log; none carries an address or a body.
    package enum Diagnostic: Sendable, Equatable {
        case malformed(Malformed)
        case strayResponse(status: Int, Method)
        /// A request that did not reach the owner.
        case answeredByAgent(Method, status: Int)
        /// The owner answered something that had ended or was never there.
        case answerTooLate
        /// The owner left a request without an answer.
        case neverAnswered(Method)
    }
}
