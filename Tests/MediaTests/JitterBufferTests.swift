import Media
import Testing
import Wire

/// Stories of a G.711 stream with 20 ms packets, unless said otherwise; the first byte of a payload is its name.
///
/// A step of the player's takes 20 ms or what it conceals; what comes between two comes at the moment of the second one.
@Suite("Jitter buffer") struct JitterBufferTests {
    enum Step: Equatable {
        case frame(UInt8)
        case recoverable(UInt8, UInt32)
        case missing(UInt32)
        case pause(UInt32)
        case empty
    }

    struct Player {
        var buffer: JitterBuffer
        var now = Instant(nanoseconds: 1_000_000_000)

        init(format: PayloadFormat = .pcmu) {
            buffer = JitterBuffer(format: format, sampleRate: 48_000)
        }

        mutating func insert(_ numbers: UInt16...) -> [JitterBuffer.Verdict] { insert(numbers) }

        mutating func insert(_ numbers: [UInt16]) -> [JitterBuffer.Verdict] {
            numbers.map { buffer.insert(header($0), payload: payload($0).span, at: now) }
        }

        mutating func insert(_ header: RTPHeader, _ payload: [UInt8]) -> JitterBuffer.Verdict {
            buffer.insert(header, payload: payload.span, at: now)
        }

        mutating func play(_ count: Int = 1) -> [Step] {
            (0..<count).map { _ in
                var first: UInt8 = 0
                let step = buffer.next(at: now, ahead: 0) { payload, _ in first = payload[0] }
                switch step {
                case .frame, .recoverable, .empty: now = now + .milliseconds(20)
                case .missing(let samples), .pause(let samples):
                    now = now + .nanoseconds(Int64(samples) * 1_000_000_000 / Int64(buffer.format.clockRate))
                }
                return switch step {
                case .frame: .frame(first)
                case .recoverable(let samples): .recoverable(first, samples)
                case .missing(let samples): .missing(samples)
                case .pause(let samples): .pause(samples)
                case .empty: .empty
                }
            }
        }

        /// A packet in each step.
        mutating func stream(_ numbers: ClosedRange<UInt16>) -> [Step] {
            numbers.flatMap { number in
                _ = insert(number)
                return play()
            }
        }
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

    @Test("Sound starts when the first packet was held for 40 ms, and comes out in order") func start() {
        var player = Player()
        #expect(player.play() == [.empty])
        #expect(player.stream(10...14) == [.empty, .empty, .frame(10), .frame(11), .frame(12)])
        #expect(player.buffer.statistics.currentDelay == .milliseconds(40))
        #expect(player.buffer.statistics.jitterBufferDelay == .milliseconds(40) * 3 * 960)
        #expect(player.buffer.statistics.jitterBufferEmittedCount == 3 * 960)
    }

    @Test("Packets that overtook each other are put in order, before the start and after it") func reorder() {
        var player = Player()
        #expect(player.insert(11, 10, 12) == [.stored, .stored, .stored])
        #expect(
            player.stream(13...17).filter { $0 != .empty } == [.frame(10), .frame(11), .frame(12), .frame(13)])
        _ = player.insert(19, 18)
        #expect(player.play(6) == [.frame(14), .frame(15), .frame(16), .frame(17), .frame(18), .frame(19)])
    }

    @Test("A lost packet is concealed, and the next ones keep their time") func loss() {
        var player = Player()
        _ = player.play(1) + player.stream(10...12)
        _ = player.insert(14)
        #expect(player.play() == [.frame(11)])
        _ = player.insert(15)
        #expect(player.play() == [.frame(12)])
        _ = player.insert(17)
        #expect(player.play(5) == [.missing(160), .frame(14), .frame(15), .missing(160), .frame(17)])
        #expect(player.buffer.statistics.concealedSamples == 2 * 960)
        #expect(player.buffer.statistics.concealmentEvents == 2)
    }

    @Test("A packet that comes twice is held once, also when it was played") func duplicate() {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.insert(11, 10, 12) == [.duplicate, .duplicate, .duplicate])
        #expect(player.buffer.statistics.duplicatePackets == 3)
        #expect(player.buffer.statistics.latePackets == 0)
        #expect(player.play(2) == [.frame(11), .frame(12)])
    }

    @Test("A packet that comes after it was concealed is dropped and counted, and the next ones are awaited longer")
    func late() {
        var player = Player()
        _ = player.stream(10...12)
        let before = player.buffer.targetDelay
        _ = player.insert(14)
        #expect(player.play(3) == [.frame(11), .frame(12), .missing(160)])
        #expect(player.insert(13) == [.late])
        #expect(player.buffer.statistics.latePackets == 1)
        #expect(player.buffer.statistics.packetsDiscarded == 1)
        // It came 80 ms later than the one after it.
        #expect(before == .milliseconds(40))
        #expect(player.buffer.targetDelay == .milliseconds(85))
        #expect(player.play() == [.frame(14)])
    }

    @Test("A packet that comes just before it would be concealed is played") func justInTime() {
        var player = Player()
        _ = player.stream(10...11)
        _ = player.insert(13)
        #expect(player.play(2) == [.frame(10), .frame(11)])
        #expect(player.insert(12) == [.stored])
        #expect(player.play(2) == [.frame(12), .frame(13)])
    }

    @Test("While nothing comes sound is made up, and if nothing was lost the delay has grown by it") func underrun() {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.play(4) == [.frame(11), .frame(12), .missing(160), .missing(160)])
        #expect(player.stream(13...15) == [.frame(13), .frame(14), .frame(15)])
        #expect(player.buffer.statistics.concealedSamples == 2 * 960)
        #expect(player.buffer.statistics.concealmentEvents == 1)
    }

    @Test("What was lost during an outage stays lost, and the delay remains") func outage() {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.play(2) == [.frame(11), .frame(12)])
        // Packets 13 to 27 are lost.
        #expect(player.play(13) == [Step](repeating: .missing(160), count: 13))
        #expect(player.stream(28...31) == [.missing(160), .missing(160), .frame(28), .frame(29)])
        #expect(player.buffer.statistics.concealedSamples == 15 * 960)
        #expect(player.buffer.statistics.concealmentEvents == 1)
        #expect(player.buffer.statistics.currentDelay == .milliseconds(40))
    }

    @Test("When nothing comes for 600 ms the stream is over, and starts again with a fresh delay") func end() {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.play(33).suffix(2) == [.missing(160), .empty])
        #expect(player.insert(11, 13) == [.duplicate, .stored])
        #expect(player.play(3) == [.empty, .empty, .frame(13)])
    }

    @Test("A stream that goes on after its end has lost what is missing by number and time, a pause nothing")
    func silence() {
        func story(_ number: UInt16, timestamp: UInt32, ssrc: UInt32 = 7) -> PlayoutStatistics {
            var player = Player()
            _ = player.stream(10...12)
            _ = player.play(640)
            let before = player.buffer.statistics
            #expect(before.concealedSamples == 30 * 960)
            let header = Self.header(number, timestamp: timestamp, ssrc: ssrc)
            _ = player.insert(header, Self.payload(number))
            return player.buffer.statistics
        }
        // The thirty packets whose place was taken before the end are told already.
        let lost = story(613, timestamp: 613 * 160)
        #expect(lost.concealedSamples == 600 * 960)
        #expect(lost.silentConcealedSamples == 570 * 960)
        #expect(lost.totalSamplesReceived == 570 * 960)
        #expect(story(63, timestamp: 63 * 160).concealedSamples == 50 * 960)
        let paused = story(13, timestamp: 613 * 160)
        #expect((paused.concealedSamples, paused.pausedSamples) == (0, 30 * 960))
        // One packet is lost around a pause.
        #expect(story(14, timestamp: 613 * 160).concealedSamples == 960)
        #expect(story(613, timestamp: 613 * 160, ssrc: 8).concealedSamples == 30 * 960)
        #expect(story(9, timestamp: 9 * 160).concealedSamples == 30 * 960)
    }

    @Test("Sequence numbers and timestamps wrap unnoticed (RFC 3550 §5.1)") func wrap() {
        var player = Player()
        var steps: [Step] = []
        for index in 0..<8 {
            let number = UInt16(truncatingIfNeeded: 0xFFFC + index)
            let header = Self.header(number, timestamp: UInt32(truncatingIfNeeded: 0xFFFF_FF00 + index * 160))
            #expect(player.insert(header, Self.payload(number)) == .stored)
            steps += player.play()
        }
        steps += player.play(2)
        #expect(Array(steps.dropFirst(2)) == [0xFC, 0xFD, 0xFE, 0xFF, 0, 1, 2, 3].map { Step.frame($0) })
    }

    @Test("Of a burst that lies beyond the target by more than 300 ms the oldest packets are thrown away") func burst()
    {
        var player = Player()
        _ = player.stream(10...12)
        // The path is blocked for 900 ms, then everything comes at once.
        _ = player.play(47)
        _ = player.insert(Array(13...57))
        let steps = player.play(3)
        #expect(player.buffer.statistics.packetsDiscarded > 10)
        guard case .frame(let first) = steps[0] else { return #expect(Bool(false)) }
        #expect(steps == [.frame(first), .frame(first + 1), .frame(first + 2)])
    }

    @Test("Another source takes the place of the first, whose packets are forgotten") func otherSource() {
        var player = Player()
        _ = player.stream(10...12)
        for number in UInt16(500)..<503 {
            let verdict = player.insert(
                Self.header(number, timestamp: UInt32(number) * 160, ssrc: 8), Self.payload(number))
            #expect(verdict == (number == 500 ? .restarted : .stored))
        }
        #expect(player.buffer.statistics.restarts == 1)
        #expect(player.play(4) == [.frame(0xF4), .frame(0xF5), .frame(0xF6), .missing(160)])
    }

    @Test("Two packets in a row with far-off numbers start the stream anew, one does not") func numberJump() {
        var player = Player()
        #expect(
            player.insert(10, 11, 12, 30_000, 13, 30_000, 30_001, 30_002) == [
                .stored, .stored, .stored, .implausible, .stored, .implausible, .restarted, .stored,
            ])
        #expect(player.buffer.statistics.restarts == 1)
        let steps = player.play(10)
        #expect(steps.contains(.frame(49)))
        #expect(steps.contains(.frame(50)))
    }

    @Test("A timestamp three seconds off starts the stream anew", arguments: [UInt32(24_000 + 1_760), 0 &- 24_000])
    func timestampJump(timestamp: UInt32) {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.insert(Self.header(13, timestamp: timestamp), Self.payload(13)) == .restarted)
        #expect(player.play(3) == [.empty, .empty, .frame(13)])
    }

    @Test("A pause of the sender's is silence, not loss, also when it was taken for loss at first") func pause() {
        var player = Player()
        _ = player.stream(10...12)
        #expect(player.play(4) == [.frame(11), .frame(12), .missing(160), .missing(160)])
        #expect(player.buffer.statistics.concealedSamples == 2 * 960)
        // Packet 13 follows after four packets' time without any.
        _ = player.insert(Self.header(13, timestamp: 17 * 160), Self.payload(13))
        #expect(player.play(3) == [.pause(160), .pause(160), .frame(13)])
        #expect(player.buffer.statistics.concealedSamples == 0)
        #expect(player.buffer.statistics.pausedSamples == 4 * 960)
    }

    @Test("In a pause the delay goes to its target") func delayInPause() {
        var player = Player()
        _ = player.stream(10...12)
        // A packet that took 60 ms longer asks for a longer delay.
        _ = player.insert(14)
        _ = player.play(3)
        _ = player.insert(13)
        #expect(player.play() == [.frame(14)])
        _ = player.insert(Self.header(15, timestamp: 17 * 160), Self.payload(15))
        // Two frames for the delay, which lacks 25 ms, then the pause itself.
        #expect(player.play(5) == [.pause(160), .pause(160), .pause(160), .pause(160), .frame(15)])
    }

    @Test("The numbers of telephone-events are no losses (RFC 4733 §2.5.1.2)") func telephoneEvent() {
        var player = Player()
        _ = player.stream(10...12)
        for number in UInt16(13)..<15 {
            player.buffer.skip(Self.header(number, timestamp: 0 &- 40_000), at: player.now)
        }
        _ = player.insert(15)
        #expect(player.play(2) == [.frame(11), .frame(12)])
        #expect(player.play().allSatisfy { if case .pause = $0 { true } else { false } })
        #expect(player.buffer.statistics.concealedSamples == 0)
    }

    @Test("Packets of 60 ms are handed over once each, and a lost one is concealed in three steps") func longPackets() {
        var player = Player()
        for number in [UInt16(10), 11, 13] {
            _ = player.insert(
                Self.header(number, timestamp: UInt32(number) * 480), Self.payload(number, samples: 480))
        }
        #expect(player.play(3) == [.empty, .empty, .frame(10)])
        player.now = player.now + .milliseconds(40)
        #expect(player.play() == [.frame(11)])
        player.now = player.now + .milliseconds(40)
        #expect(player.play(4) == [.missing(160), .missing(160), .missing(160), .frame(13)])
    }

    @Test(
        "Opus packets last as long as their TOC says, and a lost one is in the next if its flag says so (RFC 6716 §4.2.3)"
    )
    func recovery() {
        var player = Player(format: .opus)
        let header = { (number: UInt16) in Self.header(number, timestamp: UInt32(number) * 960) }
        for number in [UInt16(0), 1, 2] {
            #expect(player.insert(header(number), [0x48, 0x80, UInt8(number)]) == .stored)
            _ = player.play()
        }
        // SILK of 20 ms with the flags of voice and of redundancy.
        _ = player.insert(header(5), [0x49 & 0xF8, 0xC0, 5])
        #expect(player.play(2) == [.frame(0x48), .frame(0x48)])
        #expect(player.play(3) == [.missing(960), .recoverable(0x48, 960), .frame(0x48)])
        #expect(player.buffer.statistics.recoveredFrames == 1)
        #expect(player.buffer.statistics.concealedSamples == 960)
    }

    @Test("After a frame without content Opus pauses, and nothing is lost (RFC 6716 §2.1.9)") func discontinuous() {
        var player = Player(format: .opus)
        for number in UInt16(0)...2 {
            _ = player.insert(Self.header(number, timestamp: UInt32(number) * 960), [0x48, 0x80, 1])
            _ = player.play()
        }
        _ = player.insert(Self.header(3, timestamp: 3 * 960), [0x48])
        #expect(player.play(5) == [.frame(0x48), .frame(0x48), .frame(0x48), .pause(960), .pause(960)])
        _ = player.insert(Self.header(4, timestamp: 8 * 960), [0x48, 0x80, 1])
        #expect(player.play(3) == [.pause(960), .pause(960), .frame(0x48)])
        #expect(player.buffer.statistics.concealedSamples == 0)
        #expect(player.buffer.statistics.pausedSamples == 4 * 960)
    }

    @Test("Payloads that are empty, too long or no Opus are refused") func malformed() {
        var player = Player()
        #expect(player.insert(Self.header(1), []) == .malformed)
        #expect(player.insert(Self.header(1), [UInt8](repeating: 0, count: 1_501)) == .malformed)
        var opus = Player(format: .opus)
        #expect(opus.insert(Self.header(1), [0xFB]) == .malformed)
        #expect(player.play() == [.empty])
    }

    @Test("Forgetting the stream leaves the statistics") func reset() {
        var player = Player()
        _ = player.insert(10, 10, 11, 12)
        player.buffer.reset()
        #expect(player.buffer.statistics.duplicatePackets == 1)
        #expect(player.play() == [.empty])
        #expect(player.insert(3) == [.stored])
    }

    @Test("Whatever numbers and times come, the player gets on", arguments: 0..<200) func noise(seed: Int) {
        var randomness = Randomness.seeded(UInt64(seed))
        var player = Player()
        for _ in 0..<400 {
            let bits = randomness.next()
            let number = UInt16(truncatingIfNeeded: bits & 7 == 0 ? bits >> 8 : (bits >> 8) % 200)
            let timestamp = bits & 0x70 == 0 ? UInt32(truncatingIfNeeded: bits >> 24) : UInt32(number) * 160
            let header = Self.header(number, timestamp: timestamp, ssrc: bits & 0x1F00 == 0 ? 8 : 7)
            if bits & 0x8000 == 0 {
                _ = player.insert(header, Self.payload(number))
            } else {
                player.buffer.skip(header, at: player.now)
            }
            _ = player.play()
        }
        #expect(player.play(10_000).last == .empty)
    }
}

private func header(_ number: UInt16) -> RTPHeader { JitterBufferTests.header(number) }
private func payload(_ number: UInt16) -> [UInt8] { JitterBufferTests.payload(number) }
