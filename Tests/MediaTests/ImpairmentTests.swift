import Glibc
import Media
import Testing
import Wire

/// The receive path behind networks of all kinds, in virtual time; what it did is read from its statistics.
@Suite("Impaired networks") struct ImpairmentTests {
    struct Network {
        /// Shares of the packets.
        var loss = 0.0
        var duplication = 0.0
        /// Each packet takes up to so many milliseconds longer.
        var jitter = 0.0
        /// The second from which on there is none.
        var calmFrom = Int.max
        var keepsOrder = false
        /// Milliseconds in which nothing gets through.
        var blackout = 0..<0
        /// How much faster the sender's clock is, in millionths.
        var drift = 0.0
        /// Milliseconds between a packet of the fastest and the player's next step.
        var phase = 7.0
    }

    /// What came out of so many seconds of a voice.
    struct Outcome {
        var statistics = PlayoutStatistics()
        /// The statistics of each second.
        var seconds: [PlayoutStatistics] = []
        /// Milliseconds of each 20 ms whose sound is not made up.
        var real: [Int] = []
        var largestStep = 0
    }

    /// A G.711 decoder of sorts: the payload says which part of a 150 Hz tone it is.
    private struct Tone: SpeechDecoder {
        var phase = 0

        private mutating func fill(_ count: Int, _ samples: inout MutableSpan<Int16>) -> Int {
            for index in 0..<count {
                samples[index] = Int16(8_000 * sin(2 * .pi * 150 * Double(phase + index) / 48_000))
            }
            phase += count
            return count
        }

        mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            // Twenty milliseconds are three periods, so every frame begins alike.
            phase = 0
            return fill(960, &samples)
        }

        mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            fill(count, &samples)
        }

        mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int { fill(count, &samples) }

        mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int { fill(count, &samples) }

        mutating func begin(_ format: PayloadFormat) {}
    }

    private static func play(seconds: Int, over network: Network, seed: UInt64 = 1) -> Outcome {
        var randomness = Randomness.seeded(seed)
        var arrivals: [(at: Double, number: Int)] = []
        var latest = 0.0
        // A fast sender has some more to say.
        for number in 0..<seconds * 50 + 10 {
            let sent = Double(number) * 20 * (1 - network.drift / 1e6)
            let jitter = number / 50 < network.calmFrom ? network.jitter : 0
            let delay = 30 + Double.random(in: 0...1, using: &randomness) * jitter
            let isLost = Double.random(in: 0..<1, using: &randomness) < network.loss
            let isDoubled = Double.random(in: 0..<1, using: &randomness) < network.duplication
            guard !isLost, !network.blackout.contains(Int(sent)) else { continue }
            let arrival = network.keepsOrder ? max(latest, sent + delay) : sent + delay
            latest = arrival
            arrivals.append((arrival, number))
            if isDoubled { arrivals.append((arrival + 25, number)) }
        }
        arrivals.sort { $0.at < $1.at }
        return play(arrivals[...], steps: seconds * 50, phase: network.phase)
    }

    private static func play(
        _ arrivals: ArraySlice<(at: Double, number: Int)>, steps: Int, phase: Double = 7
    ) -> Outcome {
        var arrivals = arrivals
        var playout = Playout(format: .pcmu)
        var decoder = Tone()
        var frame = [Int16](repeating: 0, count: 960)
        var outcome = Outcome()
        var last: Int16 = 0
        let payload = [UInt8](repeating: 0, count: 160)
        for step in 0..<steps {
            // The player's steps lie between the packets'.
            let now = Double(step) * 20 + 30 + phase
            while let arrival = arrivals.first, arrival.at <= now {
                let header = RTPHeader(
                    payloadType: 0, marker: false, sequenceNumber: UInt16(arrival.number),
                    timestamp: UInt32(arrival.number * 160), ssrc: 1)
                _ = playout.insert(header, payload: payload.span, at: instant(arrival.at))
                arrivals.removeFirst()
            }
            let before = playout.statistics.concealedSamples
            var samples = frame.mutableSpan
            playout.play(into: &samples, with: &decoder, at: instant(now))
            outcome.real.append(20 - Int(playout.statistics.concealedSamples - before) / 48)
            let isReal = outcome.real.suffix(3).allSatisfy { $0 == 20 }
            for sample in frame {
                if isReal { outcome.largestStep = max(outcome.largestStep, abs(Int(sample) - Int(last))) }
                last = sample
            }
            if step % 50 == 49 { outcome.seconds.append(playout.statistics) }
        }
        outcome.statistics = playout.statistics
        return outcome
    }

    private static func instant(_ milliseconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000 + Int64(milliseconds * 1e6))
    }

    /// The share of concealed samples from a second on.
    private static func concealment(of outcome: Outcome, from second: Int = 0) -> Double {
        let before = second > 0 ? outcome.seconds[second - 1] : PlayoutStatistics()
        let concealed = outcome.statistics.concealedSamples - before.concealedSamples
        return Double(concealed) / Double(outcome.statistics.totalSamplesReceived - before.totalSamplesReceived)
    }

    /// In milliseconds, averaged from a second on.
    private static func delay(of outcome: Outcome, from second: Int) -> Double {
        let before = outcome.seconds[second - 1]
        let total = outcome.statistics.jitterBufferDelay - before.jitterBufferDelay
        let count = outcome.statistics.jitterBufferEmittedCount - before.jitterBufferEmittedCount
        return Double(total.nanoseconds) / 1e6 / Double(count)
    }

    @Test(
        "An even network costs 20 ms and a few more, wherever in the player's frames packets come, and nothing else",
        arguments: Array(stride(from: 0.5, to: 20, by: 1.5)))
    func even(phase: Double) {
        let outcome = Self.play(seconds: 20, over: Network(phase: phase))
        #expect(outcome.statistics.concealedSamples == 0)
        #expect((20...26).contains(Self.delay(of: outcome, from: 10)))
        #expect(outcome.statistics.insertedSamplesForDeceleration == 0)
        // What the beginning has more, 40 to 60 ms.
        #expect((960...1_920).contains(outcome.statistics.removedSamplesForAcceleration))
    }

    @Test("What is lost is concealed, and costs no delay", arguments: [0.01, 0.05, 0.1, 0.2]) func loss(share: Double) {
        let outcome = Self.play(seconds: 60, over: Network(loss: share))
        #expect(abs(Self.concealment(of: outcome) - share) < 0.015)
        #expect((20...40).contains(Self.delay(of: outcome, from: 10)))
        #expect(outcome.statistics.latePackets == 0)
    }

    @Test("Jitter is waited for, and no longer than it lasts", arguments: [10.0, 30, 60, 100], [true, false])
    func jitter(milliseconds: Double, keepsOrder: Bool) {
        let outcome = Self.play(seconds: 60, over: Network(jitter: milliseconds, keepsOrder: keepsOrder))
        #expect(Self.concealment(of: outcome, from: 5) < 0.01)
        #expect(Self.concealment(of: outcome) < 0.03)
        // A packet is held for what it was faster than the slowest, half the jitter on average, and until a frame begins.
        #expect(Self.delay(of: outcome, from: 10) < max(45, milliseconds / 2 + 35))
    }

    @Test("Three seconds after jitter has ended sound is as late as without", arguments: [60.0, 100, 200], [1, 2, 3])
    func calm(milliseconds: Double, seed: UInt64) {
        let outcome = Self.play(seconds: 20, over: Network(jitter: milliseconds, calmFrom: 15), seed: seed)
        #expect((10...32).contains(Self.delay(of: outcome, from: 18)))
        #expect(Self.concealment(of: outcome, from: 15) < 0.005)
    }

    @Test("Jitter and loss together", arguments: [0.05, 0.2]) func jitterAndLoss(share: Double) {
        let outcome = Self.play(seconds: 60, over: Network(loss: share, jitter: 60))
        #expect(Self.concealment(of: outcome, from: 5) < share + 0.025)
        #expect(Self.delay(of: outcome, from: 10) < 65)
    }

    @Test("Duplicates are dropped and change nothing") func duplication() {
        let outcome = Self.play(seconds: 20, over: Network(duplication: 0.3))
        #expect(outcome.statistics.concealedSamples == 0)
        #expect((200...400).contains(outcome.statistics.duplicatePackets))
        #expect((20...40).contains(Self.delay(of: outcome, from: 10)))
    }

    @Test("After 300 ms without packets sound is back with the first of them, as late as before") func blackout() {
        let outcome = Self.play(seconds: 20, over: Network(blackout: 10_000..<10_300))
        #expect((14 * 960...16 * 960).contains(outcome.statistics.concealedSamples))
        #expect(outcome.statistics.concealmentEvents == 1)
        // Packets of 10 000 to 10 280 ms do not come; that of 10 300 is there 30 ms later and played 20 to 40 after that.
        let silent = outcome.real.indices.filter { outcome.real[$0] == 0 }
        #expect(silent.count <= 15)
        #expect((silent.last ?? 0) * 20 + 37 <= 10_300 + 30 + 40)
        #expect((20...40).contains(Self.delay(of: outcome, from: 12)))
    }

    @Test("300 ms of packets that come all at once cost a delay that is gone after some seconds") func stall() {
        var arrivals = (0..<2_000).map { (at: Double($0) * 20 + 30, number: $0) }
        for index in 500..<515 { arrivals[index].at = Double(515) * 20 + 30 }
        let outcome = Self.play(arrivals[...], steps: 2_000)
        #expect((14 * 960...17 * 960).contains(outcome.statistics.concealedSamples))
        let peak = outcome.seconds.map(\.currentDelay).max() ?? .zero
        #expect((.milliseconds(250)...(.milliseconds(400))).contains(peak))
        #expect(outcome.statistics.currentDelay < .milliseconds(40))
    }

    @Test(
        "A sender whose clock is fast or slow is followed for two minutes, and nothing is made up",
        arguments: [-500.0, -100, 100, 500])
    func drift(millionths: Double) {
        let outcome = Self.play(seconds: 120, over: Network(drift: millionths))
        #expect(outcome.statistics.concealedSamples == 0)
        #expect(outcome.statistics.currentDelay < .milliseconds(45))
        let stretched =
            Int(outcome.statistics.removedSamplesForAcceleration)
            - Int(outcome.statistics.insertedSamplesForDeceleration)
        // What 120 s differ by, and the 20 ms of the beginning.
        #expect(abs(stretched - 960 - Int(millionths * 120 * 48_000 / 1e6)) < 2_400)
    }

    @Test("Stretching leaves no clicks") func clicks() {
        let outcome = Self.play(seconds: 60, over: Network(jitter: 60, keepsOrder: true))
        let statistics = outcome.statistics
        #expect(statistics.removedSamplesForAcceleration + statistics.insertedSamplesForDeceleration > 480)
        // The steepest part of the tone has steps of 157.
        #expect(outcome.largestStep < 400)
    }
}
