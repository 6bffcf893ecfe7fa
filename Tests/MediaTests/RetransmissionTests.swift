import Media
import Testing
import Wire

@Suite("Lost packets asked for (RFC 4585 §6.2.1)") struct RetransmissionTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    /// Packet 10 is played next, each after it 20 ms later.
    private func timeLeft(_ number: UInt16) -> Duration? { .milliseconds(20) * Int(number &- 10) }

    @Test("A gap is asked for at once, again after the round trip and a half, three times at most")
    func asking() {
        var requests = LossRequests()
        let roundTrip = Duration.milliseconds(10)
        requests.receive(10, .restarted)
        #expect(requests.due(at: Self.start, roundTrip: roundTrip, timeLeft: timeLeft) == [])
        requests.receive(13, .inOrder)
        #expect(requests.due(at: Self.start, roundTrip: roundTrip, timeLeft: timeLeft) == [11, 12])
        let times = [14, 15, 16, 29, 30, 45, 60].map { Self.start + .milliseconds($0) }
        let asked = times.map { requests.due(at: $0, roundTrip: roundTrip, timeLeft: timeLeft) }
        #expect(asked == [[], [11, 12], [], [], [11, 12], [], []])
    }

    @Test("What has come is not asked for any more, nor what would come too late") func notAsking() {
        var requests = LossRequests()
        requests.receive(10, .restarted)
        requests.receive(13, .inOrder)
        requests.receive(12, .late)
        // Packet 11 is due in 20 ms.
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(20), timeLeft: timeLeft) == [])
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(5), timeLeft: timeLeft) == [])
        requests.receive(16, .inOrder)
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(5), timeLeft: timeLeft) == [14, 15])
    }

    @Test("What was asked for is known when it comes, also when that is too late") func answers() {
        var requests = LossRequests()
        requests.receive(10, .restarted)
        requests.receive(13, .inOrder)
        let early = requests.receive(12, .late)
        #expect(!early)
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(5), timeLeft: timeLeft) == [11])
        let later = Self.start + .milliseconds(14)
        #expect(requests.due(at: later, roundTrip: .milliseconds(5), timeLeft: { _ in nil }) == [])
        let (first, second) = (requests.receive(11, .late), requests.receive(11, .late))
        #expect(first && !second)
    }

    @Test("Numbers wrap, and a new stream has no gaps of the old one") func wrapping() {
        var requests = LossRequests()
        requests.receive(.max, .restarted)
        requests.receive(2, .inOrder)
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(5), timeLeft: { _ in .seconds(1) }) == [0, 1])
        requests.receive(9, .restarted)
        #expect(requests.due(at: Self.start + .seconds(1), roundTrip: .milliseconds(5), timeLeft: timeLeft) == [])
    }

    @Test("More lost than can be asked for is not asked for") func tooMany() {
        var requests = LossRequests()
        requests.receive(10, .restarted)
        requests.receive(40, .inOrder)
        #expect(requests.due(at: Self.start, roundTrip: .milliseconds(5), timeLeft: timeLeft) == [])
    }

    @Test("The last 32 packets can be sent again as they were") func sentPackets() {
        var sent = SentPackets()
        for number in UInt16(0)..<40 { sent.store([UInt8(number), 7].span, sequenceNumber: number) }
        #expect(sent.packet(7) == nil)
        #expect(sent.packet(8) == [8, 7])
        #expect(sent.packet(39) == [39, 7])
        #expect(sent.packet(40) == nil)
        sent.store([UInt8](repeating: 1, count: 641).span, sequenceNumber: 40)
        #expect(sent.packet(40) == nil)
        #expect(sent.packet(8) == nil)
    }

    @Test("A packet is sent again three times at most, however often it is asked for") func repetitions() {
        var sent = SentPackets()
        sent.store([1, 2].span, sequenceNumber: 5)
        let repetitions = (0..<100).compactMap { _ in sent.packet(5) }
        #expect(repetitions == [[1, 2], [1, 2], [1, 2]])
    }

    @Test("Items name a packet and the sixteen after it by bits") func coding() throws {
        let numbers: [UInt16] = [65_534, 65_535, 0, 14, 15, 40]
        let nack = RTCPPacket.nack(NegativeAcknowledgement(sender: 1, media: 2, sequenceNumbers: numbers))
        let bytes = RTCPCompound.write([nack])
        #expect(
            bytes == [
                0x81, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFE, 0x80, 0x03, 0, 15, 0, 0, 0, 40, 0, 0,
            ])
        #expect(try RTCPCompound.parse(bytes.span) == [nack])
    }
}
