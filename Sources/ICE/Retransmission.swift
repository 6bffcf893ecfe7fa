import Wire

/// When a request is sent again until it is answered or given up (RFC 8489 §6.2.1).
struct Retransmission: Sendable {
    /// Rc and Rm, with one transmission less than their default: with the default a dead path is found after 39.5
    /// seconds, this way after 23.5.
    private enum Limit {
        static let transmissions = 6
        static let lastWait = 16
    }

    private let rto: Duration
    private let limit: Int
    private var transmissions = 1
    /// When to act again: transmit, or give up.
    private(set) var nextAt: Instant

    init(rto: Duration, limit: Int = Limit.transmissions, at now: Instant) {
        self.rto = rto
        self.limit = limit
        nextAt = now + (limit == 1 ? rto * Limit.lastWait : rto)
    }

    var wasSentOnce: Bool { transmissions == 1 }

    /// Moves on when ``nextAt`` has passed: true to transmit again, false to give up.
    mutating func advance(at now: Instant) -> Bool {
        guard transmissions < limit else { return false }
        transmissions += 1
        nextAt = now + (transmissions == limit ? rto * Limit.lastWait : rto * (1 << (transmissions - 1)))
        return true
    }
}
