import Media
import Testing
import Wire

@Suite struct RTPReceiverTests {
    static func header(_ sequenceNumber: UInt16, timestamp: UInt32? = nil, ssrc: UInt32 = 7) -> RTPHeader {
        RTPHeader(
            payloadType: 0, marker: false, sequenceNumber: sequenceNumber,
            timestamp: timestamp ?? UInt32(sequenceNumber) * 160, ssrc: ssrc)
    }

    static func at(milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    static func report(of receiver: inout RTPReceiver, milliseconds: Int64) throws -> ReportBlock {
        let block = receiver.reportBlock(at: at(milliseconds: milliseconds))
        return try #require(block)
    }

    static func arrivals(_ numbers: [UInt16], in receiver: inout RTPReceiver) -> [RTPReceiver.Arrival] {
        numbers.map { receiver.receive(header($0), at: at(milliseconds: Int64($0) * 20)) }
    }

    @Test("Latecomers and duplicates are told apart, and sequence numbers wrap (RFC 3550 §A.1)")
    func order() throws {
        var receiver = RTPReceiver(clockRate: 8_000)
        let numbers: [UInt16] = [0xFFFD, 0xFFFE, 0, 0xFFFF, 0xFFFF, 0, 2, 1]
        let arrivals = Self.arrivals(numbers, in: &receiver)
        #expect(
            arrivals == [.restarted, .inOrder, .inOrder, .late, .duplicate, .duplicate, .inOrder, .late])
        let block = try Self.report(of: &receiver, milliseconds: 0)
        #expect(block.highestSequenceNumber == 0x0001_0002)
        #expect(block.cumulativeLost == -2)
        #expect(receiver.statistics.packetsReceived == 8)
        #expect(receiver.statistics.packetsLost == 0)
        #expect(receiver.statistics.duplicates == 2)
        #expect(receiver.statistics.late == 2)
    }

    @Test("Losses are counted in all and as a fraction since the last report (RFC 3550 §A.3)")
    func losses() throws {
        var receiver = RTPReceiver(clockRate: 8_000)
        _ = Self.arrivals([1, 2, 4], in: &receiver)
        let first = try Self.report(of: &receiver, milliseconds: 0)
        #expect(first.cumulativeLost == 1)
        #expect(first.fractionLost == 64)
        _ = Self.arrivals([5, 6, 7, 8], in: &receiver)
        let second = try Self.report(of: &receiver, milliseconds: 0)
        #expect(second.cumulativeLost == 1)
        #expect(second.fractionLost == 0)
        _ = Self.arrivals([3], in: &receiver)
        let third = try Self.report(of: &receiver, milliseconds: 0)
        #expect(third.cumulativeLost == 0)
        #expect(third.fractionLost == 0)
        #expect(receiver.statistics.packetsLost == 0)
    }

    @Test("A source whose timestamps begin anew has another clock, and no jitter (RFC 3550 §A.8)")
    func anotherClock() {
        var receiver = RTPReceiver(clockRate: 8_000)
        for number in UInt16(0)..<50 {
            let timestamp = UInt32(number) * 160 &+ (number < 25 ? 0 : 3_000_000_000)
            let now = Self.at(milliseconds: Int64(number) * 20)
            _ = receiver.receive(Self.header(number, timestamp: timestamp), at: now)
        }
        #expect(receiver.statistics.jitter == .zero)
        #expect(receiver.statistics.packetsLost == 0)
    }

    @Test("A source whose clock gets another rate goes on, and has no jitter by that (RFC 7160 §4.2)") func otherRate()
    {
        var receiver = RTPReceiver(clockRate: 48_000)
        for number in UInt16(0)..<50 {
            _ = receiver.receive(
                Self.header(number, timestamp: UInt32(number) * 960), at: Self.at(milliseconds: Int64(number) * 20))
        }
        receiver.use(clockRate: 8_000)
        for number in UInt16(50)..<100 {
            let arrival = receiver.receive(Self.header(number), at: Self.at(milliseconds: Int64(number) * 20))
            #expect(arrival == .inOrder)
        }
        #expect(receiver.statistics.packetsReceived == 100)
        #expect(receiver.statistics.packetsLost == 0)
        #expect(receiver.statistics.jitter == .zero)
    }

    @Test("What was lost of one source stays lost when another takes its place (RFC 3550 §8.2)")
    func anotherSource() {
        var receiver = RTPReceiver(clockRate: 8_000)
        _ = Self.arrivals([1, 2, 4], in: &receiver)
        let arrivals = [(9, 8), (10, 8), (12, 8)].map { number, ssrc in
            receiver.receive(Self.header(UInt16(number), ssrc: UInt32(ssrc)), at: Self.at(milliseconds: 200))
        }
        #expect(arrivals == [.restarted, .inOrder, .inOrder])
        #expect(receiver.statistics.packetsReceived == 6)
        #expect(receiver.statistics.packetsLost == 2)
        #expect(receiver.ssrc == 8)
    }

    @Test("Jitter follows the integer arithmetic of RFC 3550 §A.8")
    func jitter() throws {
        var receiver = RTPReceiver(clockRate: 8_000)
        // Arrival deviations from the 20 ms grid, in milliseconds; a millisecond is 8 units.
        let deviations: [Int64] = [0, 5, 0, 10, 10]
        var scaled: UInt32 = 0
        var previous: Int64 = 0
        for (index, deviation) in deviations.enumerated() {
            let header = Self.header(UInt16(index))
            _ = receiver.receive(header, at: Self.at(milliseconds: Int64(index) * 20 + deviation))
            if index > 0 { scaled = scaled + UInt32((deviation - previous).magnitude) * 8 - (scaled + 8) >> 4 }
            previous = deviation
        }
        // By hand: 40, then 77, then 152, then 142; all but the last four bits count.
        #expect(scaled == 142)
        let block = try Self.report(of: &receiver, milliseconds: 0)
        #expect(block.jitter == 142 >> 4)
        #expect(receiver.statistics.jitter == .milliseconds(1))
    }

    @Test("Packets that share a timestamp, as those of a telephone-event do, make no jitter")
    func sharedTimestamp() {
        var receiver = RTPReceiver(clockRate: 8_000)
        for number in 0..<10 {
            _ = receiver.receive(
                Self.header(UInt16(number), timestamp: 800), at: Self.at(milliseconds: Int64(number) * 20))
        }
        #expect(receiver.statistics.jitter == .zero)
    }

    @Test("One packet far off is implausible, two in a row start the stream anew (RFC 3550 §A.1)")
    func restart() throws {
        var receiver = RTPReceiver(clockRate: 8_000)
        let arrivals = Self.arrivals([1, 2, 30_000, 3, 30_000, 30_001], in: &receiver)
        #expect(
            arrivals == [.restarted, .inOrder, .implausible, .inOrder, .implausible, .restarted])
        let block = try Self.report(of: &receiver, milliseconds: 0)
        #expect(block.highestSequenceNumber == 30_001)
        #expect(receiver.statistics.packetsLost == 0)
    }

    @Test("Another SSRC starts the stream anew")
    func otherSource() {
        var receiver = RTPReceiver(clockRate: 8_000)
        #expect(receiver.ssrc == nil)
        _ = receiver.receive(Self.header(1), at: Self.at(milliseconds: 0))
        #expect(receiver.receive(Self.header(900, ssrc: 8), at: Self.at(milliseconds: 20)) == .restarted)
        #expect(receiver.ssrc == 8)
        #expect(receiver.statistics.packetsReceived == 2)
    }

    @Test("The last sender report of the source heard is echoed with the delay since (RFC 3550 §6.4.1)")
    func senderReport() throws {
        var receiver = RTPReceiver(clockRate: 8_000)
        let info = SenderInfo(
            ntp: NTPTimestamp(bits: 0x1111_2222_3333_4444), rtpTimestamp: 0, packetCount: 0, octetCount: 0)
        receiver.receive(info, from: 7, at: Self.at(milliseconds: 0))
        let none = receiver.reportBlock(at: Self.at(milliseconds: 0))
        #expect(none == nil)
        _ = receiver.receive(Self.header(1), at: Self.at(milliseconds: 0))
        receiver.receive(info, from: 8, at: Self.at(milliseconds: 0))
        let early = try Self.report(of: &receiver, milliseconds: 0)
        #expect(early.lastSenderReport == 0)
        receiver.receive(info, from: 7, at: Self.at(milliseconds: 500))
        let block = try Self.report(of: &receiver, milliseconds: 2_000)
        #expect(block.lastSenderReport == 0x2222_3333)
        #expect(block.delaySinceLastSenderReport == 98_304)
    }
}
