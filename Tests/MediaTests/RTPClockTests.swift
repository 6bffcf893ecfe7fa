import Testing

@testable import Media

@Suite("The clock of RTP") struct RTPClockTests {
    @Test("A call may last for days, and a peer's clock be wrong by years", arguments: [8_000, 48_000])
    func long(rate: UInt32) {
        let clock = RTPClock(rate: rate)
        for seconds: Int64 in [-1_000_000_000, -1, 0, 60, 1_000_000_000] {
            let rest = Duration.nanoseconds(96 * 1_000_000_000 / Int64(rate))
            #expect(clock.duration(ofTicks: seconds * Int64(rate) + 96) == .seconds(seconds) + rest)
        }
    }
}
