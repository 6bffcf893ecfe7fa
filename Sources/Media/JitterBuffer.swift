import Wire

/// Holds received audio until it is time to play it, and puts it in order.
///
/// A tick is one 20 ms step of the player. In it the player calls ``next(_:)`` until it has 20 ms of sound:
/// a packet may last longer than a tick, and then nothing is asked for in the ticks it covers, or shorter.
package struct JitterBuffer: Sendable {
    package enum Playout: Hashable, Sendable {
        /// The payload was handed over.
        case frame
        /// A packet is lost or too late: conceal this many samples.
        case missing(samples: UInt32)
        /// There is nothing to play for now: silence until the end of the tick.
        case empty
    }

    package enum Verdict: Hashable, Sendable { case stored, duplicate, late, restarted, unusable }

    package struct Statistics: Hashable, Sendable {
        package var late: UInt64 = 0
        package var duplicates: UInt64 = 0
        package var concealed: UInt64 = 0
        package var drained: UInt64 = 0
        package var restarts: UInt64 = 0
    }

    package private(set) var statistics = Statistics()

    /// How long sound is held back before the player starts.
    package var targetDelay: Duration

    package init(format: PayloadFormat, targetDelay: Duration = .milliseconds(60)) {
        self.targetDelay = targetDelay
    }

    /// Takes a packet in, whose payload is copied.
    package mutating func insert(_ header: RTPHeader, payload: Span<UInt8>, at now: Instant) -> Verdict { .stored }

    /// Takes note that a number of the stream belongs to a packet that is no audio, a telephone-event for instance.
    package mutating func skip(_ header: RTPHeader) {}

    /// Hands over what comes next.
    package mutating func next(_ play: (Span<UInt8>) -> Void) -> Playout { .empty }

    /// How much sound is held.
    package var depth: Duration { .zero }

    /// Forgets everything but the statistics.
    package mutating func reset() {}
}
