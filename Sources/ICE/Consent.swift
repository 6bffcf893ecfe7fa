import Wire

/// The freshness of the peer's consent to receive on the selected pair (RFC 7675 §5.1).
struct Consent: Sendable {
    private enum Limit {
        static let lifetime = Duration.seconds(30)
        /// The longest time between two questions, and a round trip.
        static let overdue = Duration.seconds(7)
    }

    private(set) var nextAt: Instant
    private var renewedAt: Instant

    init(at now: Instant, using randomness: inout Randomness) {
        renewedAt = now
        nextAt = now + Self.interval(using: &randomness)
    }

    var expiresAt: Instant { renewedAt + Limit.lifetime }
    var deadline: Instant { min(nextAt, expiresAt) }

    func isOverdue(at now: Instant) -> Bool { now - renewedAt > Limit.overdue }

    mutating func asked(at now: Instant, using randomness: inout Randomness) {
        nextAt = now + Self.interval(using: &randomness)
    }

    mutating func renewed(at now: Instant) { renewedAt = now }

    /// Five seconds, times 0.8 to 1.2.
    private static func interval(using randomness: inout Randomness) -> Duration {
        .milliseconds(Int.random(in: 4_000...6_000, using: &randomness))
    }
}
