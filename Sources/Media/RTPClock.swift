import Wire

/// The clock of RTP timestamps: so many ticks a second, wrapping at 32 bits.
struct RTPClock: Hashable, Sendable {
    let rate: UInt32

    /// How many ticks an instant is after the clock's start.
    func ticks(at instant: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: ticks(nanoseconds: instant.nanoseconds))
    }

    func ticks(in duration: Duration) -> UInt32 {
        UInt32(truncatingIfNeeded: ticks(nanoseconds: duration.nanoseconds))
    }

    func duration(ofTicks ticks: Int64) -> Duration {
        .nanoseconds(nanoseconds(ofTicks: ticks))
    }

    func nanoseconds(ofTicks ticks: Int64) -> Int64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: Int64(rate))
        return seconds &* 1_000_000_000 &+ rest * 1_000_000_000 / Int64(rate)
    }

    private func ticks(nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds &* Int64(rate) &+ rest * Int64(rate) / 1_000_000_000
    }
}
