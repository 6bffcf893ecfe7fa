import Testing
import Wire

@testable import Media

@Suite("Delay estimate") struct DelayEstimateTests {
    private var estimate = DelayEstimate()
    private var now = Instant(nanoseconds: 0)

    /// Packets every 20 ms that take so many milliseconds.
    private mutating func note(_ transits: some Sequence<Int>) {
        for transit in transits {
            now = now + .milliseconds(20)
            estimate.note(transit: Int64(transit) * 1_000_000, at: now)
        }
    }

    @Test("It starts with 40 ms, and even packets bring it down to 20") mutating func even() {
        #expect(estimate.targetDelay == .milliseconds(40))
        note(repeatElement(70, count: 20))
        #expect(estimate.targetDelay == .milliseconds(40))
        note(repeatElement(70, count: 100))
        #expect(estimate.targetDelay == .milliseconds(20))
    }

    @Test("It is just beyond nearly all packets' delay", arguments: [50, 100, 200]) mutating func uniform(jitter: Int) {
        var randomness = Randomness.seeded(1)
        note((0..<2_000).map { _ in Int.random(in: 0...jitter, using: &randomness) })
        let milliseconds = Int(estimate.targetDelay.nanoseconds / 1_000_000)
        #expect((jitter - 5...jitter + 10).contains(milliseconds))
    }

    @Test("One late packet is enough for it to grow, and it shrinks in some seconds") mutating func outlier() {
        note(repeatElement(0, count: 500))
        note([120])
        #expect(estimate.targetDelay == .milliseconds(125))
        note(repeatElement(0, count: 100))
        #expect(estimate.targetDelay == .milliseconds(125))
        note(repeatElement(0, count: 100))
        #expect(estimate.targetDelay == .milliseconds(20))
    }

    @Test(
        "When jitter is over, the delay is what it was before in little more than two seconds",
        arguments: [30, 60, 100, 200])
    mutating func calm(jitter: Int) {
        var randomness = Randomness.seeded(2)
        note((0..<1_000).map { _ in Int.random(in: 0...jitter, using: &randomness) })
        note(repeatElement(0, count: 110))
        #expect(estimate.targetDelay == .milliseconds(20))
    }

    @Test("When jitter has become less, the delay follows it within two seconds") mutating func calmer() {
        var randomness = Randomness.seeded(3)
        note((0..<1_000).map { _ in Int.random(in: 0...100, using: &randomness) })
        note((0..<100).map { _ in Int.random(in: 0...50, using: &randomness) })
        #expect((45...55).contains(estimate.targetDelay.nanoseconds / 1_000_000))
    }

    @Test("Jitter that stays what it is, is not forgotten", arguments: 0..<4) mutating func steady(seed: Int) {
        var randomness = Randomness.seeded(UInt64(seed))
        note((0..<500).map { _ in Int.random(in: 0...100, using: &randomness) })
        for _ in 0..<2_000 {
            note(CollectionOfOne(Int.random(in: 0...100, using: &randomness)))
            #expect(estimate.targetDelay >= .milliseconds(90))
        }
    }

    @Test("A packet in fifty that is late is awaited, however even the others are") mutating func spikes() {
        note([0])
        for _ in 0..<20 {
            note([80])
            note(repeatElement(0, count: 49))
            #expect(estimate.targetDelay == .milliseconds(85))
        }
    }

    @Test("It never exceeds 400 ms") mutating func ceiling() {
        note(repeatElement(0, count: 100))
        note([5_000])
        #expect(estimate.targetDelay == .milliseconds(400))
    }

    @Test("A path that becomes longer for good is its new measure after some seconds") mutating func longerPath() {
        note(repeatElement(0, count: 500))
        note(repeatElement(100, count: 100))
        #expect(estimate.targetDelay == .milliseconds(105))
        note(repeatElement(100, count: 400))
        #expect(estimate.targetDelay == .milliseconds(20))
    }

    @Test("A path that becomes shorter is its new measure at once, and the delay is beyond it until that is known")
    mutating func shorterPath() {
        note(repeatElement(100, count: 500))
        note(repeatElement(0, count: 10))
        #expect(estimate.target == 105_000_000)
        note(repeatElement(0, count: 3_000))
        #expect(estimate.target == 20_000_000)
    }

    @Test("However often a stream starts anew, and with a packet however late, its jitter is what it was")
    mutating func starts() {
        var randomness = Randomness.seeded(1)
        for _ in 0..<50 {
            estimate.restart()
            note([40] + (0..<80).map { _ in Int.random(in: 0...40, using: &randomness) })
        }
        #expect((35...50).contains(estimate.targetDelay.nanoseconds / 1_000_000))
    }

    @Test("Clocks that drift apart by 200 in a million do not matter", arguments: [-4, 4]) mutating func drift(
        step: Int
    ) {
        for packet in 0..<10_000 {
            now = now + .milliseconds(20)
            estimate.note(transit: Int64(packet * step * 1_000), at: now)
        }
        #expect((20...25).contains(estimate.targetDelay.nanoseconds / 1_000_000))
    }
}
