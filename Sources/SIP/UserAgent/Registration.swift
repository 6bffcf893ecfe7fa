import Wire

/// Keeps one binding alive at a registrar (RFC 3261 §10.2).
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
}
