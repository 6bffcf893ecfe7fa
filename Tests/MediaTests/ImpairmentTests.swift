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
        /// Milliseconds a packet lasts for.
        var packet = 20
        /// After so many packets the sender pauses for as long as the second number of them would last.
        var pauses: (after: Int, packets: Int)?
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

    private struct Arrival {
        var at: Double
        var number: Int
        /// Milliseconds the sender's clock shows.
        var time: Int
    }

    /// A G.711 decoder of sorts: whatever the payload, it is a tone.
    private struct Tone: SpeechDecoder {
        /// Every packet is some periods long, so all begin alike.
        var pitch = 150.0
        var phase = 0

        private mutating func fill(_ count: Int, _ samples: inout MutableSpan<Int16>) -> Int {
            for index in 0..<count {
                samples[index] = Int16(8_000 * sin(2 * .pi * pitch * Double(phase + index) / 48_000))
            }
            phase += count
            return count
        }

        mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            phase = 0
            return fill(6 * payload.count, &samples)
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
        var arrivals: [Arrival] = []
        var latest = 0.0
        // A fast sender has some more to say.
        for number in 0..<seconds * 1_000 / network.packet + 10 {
            let before = network.pauses.map { number / $0.after * $0.packets } ?? 0
            let time = (number + before) * network.packet
            let sent = Double(time) * (1 - network.drift / 1e6)
            let jitter = time / 1_000 < network.calmFrom ? network.jitter : 0
            let delay = 30 + Double.random(in: 0...1, using: &randomness) * jitter
            let isLost = Double.random(in: 0..<1, using: &randomness) < network.loss
            let isDoubled = Double.random(in: 0..<1, using: &randomness) < network.duplication
            guard !isLost, !network.blackout.contains(Int(sent)) else { continue }
            let arrival = network.keepsOrder ? max(latest, sent + delay) : sent + delay
            latest = arrival
            arrivals.append(Arrival(at: arrival, number: number, time: time))
            if isDoubled { arrivals.append(Arrival(at: arrival + 25, number: number, time: time)) }
        }
        arrivals.sort { $0.at < $1.at }
        return play(arrivals[...], steps: seconds * 50, packet: network.packet, phase: network.phase)
    }

    private static func play(
        _ arrivals: ArraySlice<Arrival>, steps: Int, packet: Int = 20, phase: Double = 7
    ) -> Outcome {
        var arrivals = arrivals
        var playout = Playout(format: .pcmu)
        var decoder = Tone(pitch: packet == 20 ? 150 : 300)
        var frame = [Int16](repeating: 0, count: 960)
        var outcome = Outcome()
        var last: Int16 = 0
        let payload = [UInt8](repeating: 0, count: 8 * packet)
        for step in 0..<steps {
            // The player's steps lie between the packets'.
            let now = Double(step) * 20 + 30 + phase
            while let arrival = arrivals.first, arrival.at <= now {
                let header = RTPHeader(
                    payloadType: 0, marker: false, sequenceNumber: UInt16(arrival.number),
                    timestamp: UInt32(8 * arrival.time), ssrc: 1)
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

    @Test(
        "Packets of any length are played on evenly once the jitter is known, wherever in the player's frames they come",
        arguments: [10, 30, 40, 60], [0.0, 10, 30])
    func lengths(packet: Int, jitter: Double) {
        for phase in [0.5, 6, 13, 19] {
            let outcome = Self.play(seconds: 20, over: Network(jitter: jitter, packet: packet, phase: phase))
            let known = outcome.seconds[9]
            #expect(outcome.statistics.concealedSamples == known.concealedSamples)
            #expect(outcome.statistics.insertedSamplesForDeceleration == known.insertedSamplesForDeceleration)
            #expect(outcome.statistics.removedSamplesForAcceleration == known.removedSamplesForAcceleration)
            #expect(Self.delay(of: outcome, from: 10) < 32 + jitter / 2)
        }
    }

    @Test("A sender who pauses without a word is as late after many pauses as before, and has lost nothing")
    func pauses() {
        let outcome = Self.play(seconds: 120, over: Network(jitter: 40, keepsOrder: true, pauses: (90, 60)))
        #expect(Self.delay(of: outcome, from: 10) < 45)
        #expect(Self.concealment(of: outcome, from: 10) < 0.01)
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
        var arrivals = (0..<2_000).map { Arrival(at: Double($0) * 20 + 30, number: $0, time: 20 * $0) }
        for index in 500..<515 { arrivals[index].at = Double(515) * 20 + 30 }
        let outcome = Self.play(arrivals[...], steps: 2_000)
        #expect((14 * 960...17 * 960).contains(outcome.statistics.concealedSamples))
        let peak = outcome.seconds.map(\.currentDelay).max() ?? .zero
        #expect((.milliseconds(250)...(.milliseconds(400))).contains(peak))
        #expect(outcome.statistics.currentDelay < .milliseconds(40))
    }

    @Test(
        "A sender whose clock is fast or slow is followed for two minutes, and nothing is made up",
        arguments: [-1_000.0, -100, 100, 1_000], [20, 60])
    func drift(millionths: Double, packet: Int) {
        let outcome = Self.play(seconds: 120, over: Network(packet: packet, drift: millionths))
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
