import Wire

/// When the next report of a two-party session is due: about every five seconds, the first one sooner (RFC 3550 §6.3).
///
/// Deviation: the number of members is fixed, so there is no reconsideration (§6.3.6) and nothing to compensate for it.
package struct RTCPSchedule: Sendable {
    private static let interval = Duration.seconds(5)

    package private(set) var deadline: Instant
    private var randomness: Randomness

    package init(startingAt now: Instant, randomness: Randomness) {
        self.randomness = randomness
        deadline = now
        deadline = now + randomised(Self.interval / 2)
    }

    /// Whether a report is due; if so the next one is planned.
    package mutating func isDue(at now: Instant) -> Bool {
        guard now >= deadline else { return false }
        deadline = now + randomised(Self.interval)
        return true
    }

    /// Between a half and one and a half of the interval (§6.3.1), so that reports of many sessions do not fall together.
    private mutating func randomised(_ interval: Duration) -> Duration {
        .nanoseconds(Int64.random(in: interval.nanoseconds / 2...interval.nanoseconds * 3 / 2, using: &randomness))
    }
}
