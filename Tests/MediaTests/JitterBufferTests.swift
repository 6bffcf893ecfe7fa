import Media
import Testing
import Wire

/// Stories of a G.711 stream with 20 ms packets, unless said otherwise; the first byte of a payload is its name.
@Suite struct JitterBufferTests {
    enum Step: Equatable {
        case frame(UInt8)
        case missing(UInt32)
        case pause(UInt32)
        case empty
    }

    static func header(_ number: UInt16, timestamp: UInt32? = nil, ssrc: UInt32 = 7) -> RTPHeader {
        RTPHeader(
            payloadType: 0, marker: false, sequenceNumber: number,
            timestamp: timestamp ?? UInt32(number) * 160, ssrc: ssrc)
    }

    /// A payload that begins with the low byte of its packet's number.
    static func payload(_ number: UInt16, samples: Int = 160) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number)] + [UInt8](repeating: 0xFF, count: samples - 1)
    }

    static func insert(_ numbers: [UInt16], into buffer: inout JitterBuffer) -> [JitterBuffer.Verdict] {
        numbers.map { buffer.insert(header($0), payload: payload($0).span) }
    }

    static func play(_ count: Int, from buffer: inout JitterBuffer) -> [Step] {
        (0..<count).map { _ in
            var first: UInt8 = 0
            return switch buffer.next({ first = $0[0] }) {
            case .frame: .frame(first)
            case .missing(let samples): .missing(samples)
            case .pause(let samples): .pause(samples)
            case .empty: .empty
            }
        }
    }

    @Test("Sound starts once 60 ms are held, and comes out in order")
    func start() {
        var buffer = JitterBuffer(format: .pcmu)
        var steps = Self.play(1, from: &buffer)
        for number in UInt16(10)..<15 {
            _ = Self.insert([number], into: &buffer)
            steps += Self.play(1, from: &buffer)
        }
        #expect(steps == [.empty, .empty, .empty, .frame(10), .frame(11), .frame(12)])
        #expect(buffer.depth == .milliseconds(40))
        #expect(buffer.statistics == JitterBuffer.Statistics())
    }

    @Test("A lone packet is played when it has waited for 60 ms")
    func lonePacket() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10], into: &buffer)
        #expect(Self.play(4, from: &buffer) == [.empty, .empty, .empty, .frame(10)])
    }

    @Test("Packets that overtook each other are put in order, before the start and after it")
    func reorder() {
        var buffer = JitterBuffer(format: .pcmu)
        let verdicts = Self.insert([12, 11, 10, 14, 13], into: &buffer)
        #expect(verdicts == [.stored, .stored, .stored, .stored, .stored])
        var steps = Self.play(2, from: &buffer)
        _ = Self.insert([16, 15], into: &buffer)
        steps += Self.play(5, from: &buffer)
        #expect(steps == (10...16).map { .frame($0) })
    }

    @Test("A lost packet is concealed, and the next ones keep their time")
    func loss() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 13, 15], into: &buffer)
        let steps = Self.play(6, from: &buffer)
        #expect(steps == [.frame(10), .frame(11), .missing(160), .frame(13), .missing(160), .frame(15)])
        #expect(buffer.statistics.concealed == 2)
    }

    @Test("A packet that comes twice is held once, and one that was played is late")
    func duplicate() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 12], into: &buffer)
        #expect(Self.insert([11], into: &buffer) == [.duplicate])
        #expect(Self.play(2, from: &buffer) == [.frame(10), .frame(11)])
        #expect(Self.insert([10, 12], into: &buffer) == [.late, .duplicate])
        #expect(buffer.statistics.duplicates == 2)
        #expect(buffer.statistics.late == 1)
        #expect(Self.play(1, from: &buffer) == [.frame(12)])
    }

    @Test("A packet that comes after it was concealed is dropped and counted")
    func late() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 12, 13], into: &buffer)
        #expect(Self.play(2, from: &buffer) == [.frame(10), .missing(160)])
        #expect(Self.insert([11], into: &buffer) == [.late])
        #expect(buffer.statistics.late == 1)
        #expect(Self.play(2, from: &buffer) == [.frame(12), .frame(13)])
    }

    @Test("A packet that comes just before it would be concealed is played")
    func justInTime() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 12, 13], into: &buffer)
        var steps = Self.play(1, from: &buffer)
        _ = Self.insert([11], into: &buffer)
        steps += Self.play(3, from: &buffer)
        #expect(steps == [.frame(10), .frame(11), .frame(12), .frame(13)])
    }

    @Test("Sequence numbers and timestamps wrap unnoticed (RFC 3550 §5.1)")
    func wrap() {
        var buffer = JitterBuffer(format: .pcmu)
        var steps: [Step] = []
        for index in 0..<8 {
            let number = UInt16(truncatingIfNeeded: 0xFFFC + index)
            let timestamp = UInt32(truncatingIfNeeded: 0xFFFF_FF00 + index * 160)
            let verdict = buffer.insert(Self.header(number, timestamp: timestamp), payload: Self.payload(number).span)
            #expect(verdict == .stored)
            if index >= 2 { steps += Self.play(1, from: &buffer) }
        }
        steps += Self.play(2, from: &buffer)
        #expect(steps == [0xFC, 0xFD, 0xFE, 0xFF, 0, 1, 2, 3].map { .frame($0) })
    }

    @Test("When nothing comes for 60 ms sound stops, and it starts again with a fresh delay")
    func underrun() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 12], into: &buffer)
        let steps = Self.play(8, from: &buffer)
        #expect(
            steps == [
                .frame(10), .frame(11), .frame(12), .missing(160), .missing(160), .missing(160), .empty, .empty,
            ])
        #expect(Self.insert([11, 20], into: &buffer) == [.late, .stored])
        var after = Self.play(1, from: &buffer)
        _ = Self.insert([21, 22], into: &buffer)
        after += Self.play(3, from: &buffer)
        #expect(after == [.empty, .frame(20), .frame(21), .frame(22)])
    }

    @Test("A stream that is late for good is not lost for good")
    func delayStep() {
        var buffer = JitterBuffer(format: .pcmu)
        var steps: [Step] = []
        for tick in 0..<40 {
            // From packet 10 on the path takes 200 ms longer.
            if tick < 10 { _ = Self.insert([UInt16(tick)], into: &buffer) }
            if tick >= 20 { _ = Self.insert([UInt16(tick - 10)], into: &buffer) }
            steps += Self.play(1, from: &buffer)
        }
        let frames = steps.compactMap { if case .frame(let number) = $0 { number } else { nil } }
        #expect(frames == Array(0...27))
        #expect(steps.suffix(16).allSatisfy { if case .frame = $0 { true } else { false } })
    }

    @Test("A burst is played from its end when more than 240 ms are held")
    func burst() {
        var buffer = JitterBuffer(format: .pcmu)
        #expect(Self.insert(Array(10..<23), into: &buffer).allSatisfy { $0 == .stored })
        #expect(buffer.depth == .milliseconds(60))
        #expect(buffer.statistics.drained == 10)
        #expect(Self.play(3, from: &buffer) == [.frame(20), .frame(21), .frame(22)])
    }

    @Test("Too much is drained while sound is played, too")
    func burstWhilePlaying() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 12], into: &buffer)
        #expect(Self.play(1, from: &buffer) == [.frame(10)])
        _ = Self.insert(Array(13..<24), into: &buffer)
        #expect(buffer.statistics.drained == 10)
        #expect(Self.play(3, from: &buffer) == [.frame(21), .frame(22), .frame(23)])
    }

    @Test("Another source takes the place of the first, whose packets are forgotten")
    func otherSource() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 12], into: &buffer)
        #expect(Self.play(1, from: &buffer) == [.frame(10)])
        for number in UInt16(500)..<503 {
            let verdict = buffer.insert(
                Self.header(number, timestamp: UInt32(number), ssrc: 8), payload: Self.payload(number).span)
            #expect(verdict == (number == 500 ? .restarted : .stored))
        }
        #expect(buffer.statistics.restarts == 1)
        #expect(Self.play(1, from: &buffer) == [.empty])
    }

    @Test("Two packets in a row with far-off numbers start the stream anew, one does not")
    func numberJump() {
        var buffer = JitterBuffer(format: .pcmu)
        let verdicts = Self.insert([10, 11, 12, 30_000, 13, 30_000, 30_001, 30_002], into: &buffer)
        #expect(
            verdicts == [
                .stored, .stored, .stored, .implausible, .stored, .implausible, .restarted, .stored,
            ])
        #expect(buffer.statistics.restarts == 1)
        _ = Self.insert([30_003], into: &buffer)
        #expect(Self.play(3, from: &buffer) == [.frame(49), .frame(50), .frame(51)])
    }

    @Test("A timestamp three seconds off starts the stream anew", arguments: [UInt32(24_000 + 1_760), 0 &- 24_000])
    func timestampJump(timestamp: UInt32) {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11, 12], into: &buffer)
        #expect(Self.play(1, from: &buffer) == [.frame(10)])
        #expect(buffer.insert(Self.header(13, timestamp: timestamp), payload: Self.payload(13).span) == .restarted)
        #expect(Self.play(4, from: &buffer) == [.empty, .empty, .empty, .frame(13)])
    }

    @Test("A pause of the sender's is silence, not loss")
    func pause() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11], into: &buffer)
        _ = buffer.insert(Self.header(12, timestamp: 12 * 160 + 240), payload: Self.payload(12).span)
        #expect(Self.play(5, from: &buffer) == [.frame(10), .frame(11), .pause(160), .pause(80), .frame(12)])
        #expect(buffer.statistics.concealed == 0)
    }

    @Test("The numbers of telephone-events are no losses (RFC 4733 §2.5.1.2)")
    func telephoneEvent() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 11], into: &buffer)
        for number in UInt16(12)..<14 { buffer.skip(Self.header(number, timestamp: 0 &- 40_000)) }
        _ = Self.insert([14], into: &buffer)
        #expect(Self.play(5, from: &buffer) == [.frame(10), .frame(11), .pause(160), .pause(160), .frame(14)])
        #expect(buffer.statistics.concealed == 0)
    }

    @Test("Packets of 60 ms are handed over once each, and a lost one is concealed in three steps")
    func longPackets() {
        var buffer = JitterBuffer(format: .pcmu)
        for number in [UInt16(10), 11, 13] {
            let header = Self.header(number, timestamp: UInt32(number) * 480)
            _ = buffer.insert(header, payload: Self.payload(number, samples: 480).span)
        }
        #expect(
            Self.play(6, from: &buffer) == [
                .frame(10), .frame(11), .missing(160), .missing(160), .missing(160), .frame(13),
            ])
    }

    @Test("Packets of 10 ms are concealed for as long as they would have lasted")
    func shortPackets() {
        var buffer = JitterBuffer(format: .pcmu)
        for number in [UInt16(10), 11, 13, 14, 15, 16] {
            let header = Self.header(number, timestamp: UInt32(number) * 80)
            _ = buffer.insert(header, payload: Self.payload(number, samples: 80).span)
        }
        #expect(Self.play(4, from: &buffer) == [.frame(10), .frame(11), .missing(80), .frame(13)])
    }

    @Test("Opus packets last as long as their TOC says (RFC 7587 §4.2)")
    func opus() {
        var buffer = JitterBuffer(format: .opus)
        for number in UInt16(0)..<3 {
            let header = Self.header(number, timestamp: UInt32(number) * 960)
            #expect(buffer.insert(header, payload: [0xF8, UInt8(number)].span) == .stored)
        }
        #expect(buffer.depth == .milliseconds(60))
        #expect(Self.play(4, from: &buffer) == [.frame(0xF8), .frame(0xF8), .frame(0xF8), .missing(960)])
    }

    @Test("Payloads that are empty, too long or no Opus are refused")
    func malformed() {
        var buffer = JitterBuffer(format: .pcmu)
        #expect(buffer.insert(Self.header(1), payload: [UInt8]().span) == .malformed)
        #expect(buffer.insert(Self.header(1), payload: [UInt8](repeating: 0, count: 1_501).span) == .malformed)
        var opus = JitterBuffer(format: .opus)
        #expect(opus.insert(Self.header(1), payload: [0xFB].span) == .malformed)
        #expect(Self.play(1, from: &buffer) == [.empty])
    }

    @Test("Forgetting the stream leaves the statistics")
    func reset() {
        var buffer = JitterBuffer(format: .pcmu)
        _ = Self.insert([10, 10, 11, 12], into: &buffer)
        buffer.reset()
        #expect(buffer.depth == .zero)
        #expect(buffer.statistics.duplicates == 1)
        #expect(Self.play(1, from: &buffer) == [.empty])
        #expect(Self.insert([3], into: &buffer) == [.stored])
    }

    @Test("Whatever numbers and times come, the buffer holds less than a second and plays on", arguments: 0..<200)
    func noise(seed: Int) {
        var randomness = Randomness.seeded(UInt64(seed))
        var buffer = JitterBuffer(format: .pcmu)
        for _ in 0..<400 {
            let bits = randomness.next()
            let number = UInt16(truncatingIfNeeded: bits & 7 == 0 ? bits >> 8 : (bits >> 8) % 200)
            let timestamp = bits & 0x70 == 0 ? UInt32(truncatingIfNeeded: bits >> 24) : UInt32(number) * 160
            let header = Self.header(number, timestamp: timestamp, ssrc: bits & 0x1F00 == 0 ? 8 : 7)
            if bits & 0x8000 == 0 {
                _ = buffer.insert(header, payload: Self.payload(number).span)
            } else {
                buffer.skip(header)
            }
            #expect(buffer.depth <= .milliseconds(240))
            _ = Self.play(1, from: &buffer)
        }
    }

    @Test(
        "Reordering, loss and duplicates within the delay leave every packet that came in its place", arguments: 0..<50)
    func jitter(seed: Int) {
        var randomness = Randomness.seeded(UInt64(seed))
        // Each packet comes up to two steps late, or never, or twice.
        var arrivals: [Int: [UInt16]] = [:]
        var lost: Set<UInt16> = []
        for number in UInt16(0)..<200 {
            if number > 2, Int.random(in: 0..<10, using: &randomness) == 0 {
                lost.insert(number)
                continue
            }
            for _ in 0..<Int.random(in: 1...2, using: &randomness) {
                let delay = number == 0 ? 0 : Int.random(in: 0...1, using: &randomness)
                arrivals[Int(number) + delay, default: []].append(number)
            }
        }
        var buffer = JitterBuffer(format: .pcmu)
        var steps: [Step] = []
        for tick in 0..<200 {
            _ = Self.insert((arrivals[tick] ?? []).shuffled(using: &randomness), into: &buffer)
            steps += Self.play(1, from: &buffer)
        }
        let sound = steps.drop { $0 == .empty }
        let expected = (UInt16(0)..<200).map { lost.contains($0) ? Step.missing(160) : .frame(UInt8($0)) }
        #expect(Array(sound) == Array(expected.prefix(sound.count)))
        #expect(sound.count >= 195)
    }
}
