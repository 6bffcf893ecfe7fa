import Media
import Testing
import Wire

@Suite struct RTCPTests {
    static let block = ReportBlock(
        ssrc: 0xCAFE_BABE, fractionLost: 64, cumulativeLost: -2, highestSequenceNumber: 0x0001_0003, jitter: 17,
        lastSenderReport: 0x1234_5678, delaySinceLastSenderReport: 65_536)
    static let info = SenderInfo(
        ntp: NTPTimestamp(bits: 0x0000_0001_8000_0000), rtpTimestamp: 48_000, packetCount: 50, octetCount: 5_000)

    static func failure(_ bytes: [UInt8]) -> RTCPCompound.ParseError? {
        do {
            _ = try RTCPCompound.parse(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("A compound is written as RFC 3550 §6 draws it")
    func written() {
        let bytes = RTCPCompound.write([
            .senderReport(ssrc: 1, Self.info, [Self.block]),
            .sourceDescription([SourceDescription(ssrc: 1, cname: "abc")]),
            .goodbye([1]),
        ])
        let expected: [UInt8] =
            [0x81, 200, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0, 50, 0, 0, 0x13, 0x88]
            + [0xCA, 0xFE, 0xBA, 0xBE, 64, 0xFF, 0xFF, 0xFE, 0, 1, 0, 3, 0, 0, 0, 17]
            + [0x12, 0x34, 0x56, 0x78, 0, 1, 0, 0]
            + [0x81, 202, 0, 3, 0, 0, 0, 1, 1, 3, 97, 98, 99, 0, 0, 0]
            + [0x81, 203, 0, 1, 0, 0, 0, 1]
        #expect(bytes == expected)
    }

    @Test(
        "What is written is read back",
        arguments: [
            [.senderReport(ssrc: 1, info, [block])],
            [.receiverReport(ssrc: 2, []), .sourceDescription([SourceDescription(ssrc: 2, cname: "a@b")])],
            [.receiverReport(ssrc: 2, [block, block]), .goodbye([2, 3])],
            [.sourceDescription([SourceDescription(ssrc: 1, cname: nil), SourceDescription(ssrc: 2, cname: "")])],
        ] as [[RTCPPacket]])
    func roundTrip(packets: [RTCPPacket]) throws {
        #expect(try RTCPCompound.parse(RTCPCompound.write(packets).span) == packets)
    }

    @Test("Packets of other types, other SDES items, reasons and profile extensions are stepped over")
    func unknown() throws {
        let bytes: [UInt8] =
            [0x80, 201, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4]
            + [0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1]
            + [0x81, 202, 0, 4, 0, 0, 0, 9, 6, 2, 120, 120, 1, 1, 97, 0, 0, 0, 0, 0]
            + [0x81, 203, 0, 2, 0, 0, 0, 9, 3, 98, 121, 101]
        #expect(
            try RTCPCompound.parse(bytes.span) == [
                .receiverReport(ssrc: 9, []), .other(type: 206),
                .sourceDescription([SourceDescription(ssrc: 9, cname: "a")]), .goodbye([9]),
            ])
    }

    @Test("Padding of the last packet is taken off (RFC 3550 §6.4.1)")
    func padding() throws {
        let report: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 9]
        let bytes = report + [0xA1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4]
        #expect(try RTCPCompound.parse(bytes.span) == [.receiverReport(ssrc: 9, []), .goodbye([9])])
        #expect(Self.failure([0xA0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4] + report) == .badPadding)
        #expect(Self.failure([0xA0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0]) == .badPadding)
        #expect(Self.failure([0xA0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 9]) == .badPadding)
        #expect(Self.failure([0xA0, 201, 0, 0]) == .badPadding)
    }

    @Test("Counts and lengths that promise more than there is are malformed")
    func truncated() {
        let compound = RTCPCompound.write([.senderReport(ssrc: 1, Self.info, [Self.block])])
        for length in 0..<compound.count { #expect(Self.failure(Array(compound.prefix(length))) == .truncated) }
        #expect(Self.failure([0x9F, 201, 0, 1, 0, 0, 0, 9]) == .truncated)
        #expect(Self.failure([0x82, 203, 0, 1, 0, 0, 0, 9]) == .truncated)
        #expect(Self.failure([0x81, 202, 0, 2, 0, 0, 0, 9, 1, 9, 97, 98]) == .truncated)
        #expect(Self.failure([0x81, 202, 0, 2, 0, 0, 0, 9, 1, 2, 97, 98]) == .truncated)
        #expect(Self.failure([0x40, 201, 0, 1, 0, 0, 0, 9]) == .wrongVersion)
    }

    @Test("Random bytes never do harm")
    func noise() {
        for seed in 0..<2_000 {
            var randomness = Randomness.seeded(UInt64(seed))
            var bytes = randomness.bytes(seed % 80)
            if bytes.count > 3 {
                bytes[0] = bytes[0] & 0x1F | 0x80
                bytes[1] = 200 + bytes[1] % 5
                bytes[2] = 0
                bytes[3] %= 20
            }
            _ = try? RTCPCompound.parse(bytes.span)
            _ = try? RTPPacket(parsing: bytes.span)
        }
    }

    @Test("The round trip is what has passed since the report, less the peer's delay (RFC 3550 §6.4.1)")
    func roundTripTime() {
        // The example of figure 2: A = 0xb7108000, LSR = 0xb7052000, DLSR = 0x00054000, 6.125 s.
        var block = Self.block
        block.lastSenderReport = 0xB705_2000
        block.delaySinceLastSenderReport = 0x0005_4000
        let arrival = Instant(nanoseconds: 0xB710 * 1_000_000_000 + 500_000_000)
        #expect(NTPTimestamp(arrival).middle == 0xB710_8000)
        #expect(block.roundTrip(at: arrival) == .milliseconds(6_125))
        block.delaySinceLastSenderReport = 0x000B_7000
        #expect(block.roundTrip(at: arrival) == .zero)
        block.lastSenderReport = 0
        #expect(block.roundTrip(at: arrival) == nil)
    }

    @Test("Reports are due every 2.5 to 7.5 s, the first after 1.25 to 3.75 s (RFC 3550 §6.3.1)")
    func schedule() {
        for seed in 0..<50 {
            var now = Instant(nanoseconds: 7)
            var schedule = RTCPSchedule(startingAt: now, randomness: .seeded(UInt64(seed)))
            #expect((Duration.milliseconds(1_250) ... .milliseconds(3_750)).contains(schedule.deadline - now))
            let isEarly = schedule.isDue(at: schedule.deadline - .nanoseconds(1))
            #expect(!isEarly)
            for _ in 0..<20 {
                now = schedule.deadline
                let verdicts = [schedule.isDue(at: now), schedule.isDue(at: now)]
                #expect(verdicts == [true, false])
                #expect((Duration.milliseconds(2_500) ... .milliseconds(7_500)).contains(schedule.deadline - now))
            }
        }
    }

    @Test("The regular report is an SR once something was sent and an RR before, each with the CNAME (RFC 3550 §6.1)")
    func report() throws {
        var randomness = Randomness.seeded(3)
        var sender = RTPSender(clockRate: 8_000, randomness: &randomness)
        var receiver = RTPReceiver(clockRate: 8_000)
        let now = Instant(nanoseconds: 2_000_000_000)
        let description = RTCPPacket.sourceDescription([SourceDescription(ssrc: sender.ssrc, cname: "me")])
        let silent = RTCPCompound.report(from: sender, on: &receiver, cname: "me", at: now)
        #expect(silent == [.receiverReport(ssrc: sender.ssrc, []), description])
        var buffer = [UInt8](repeating: 0, count: 12)
        var span = buffer.mutableSpan
        _ = sender.writeHeader(payloadType: 0, payloadLength: 160, samples: 160, at: now, into: &span)
        let sentTimestamp = try RTPPacket(parsing: buffer.span).header.timestamp
        let heard = RTPHeader(payloadType: 0, marker: true, sequenceNumber: 5, timestamp: 0, ssrc: 77)
        _ = receiver.receive(heard, at: now)
        let block = ReportBlock(
            ssrc: 77, fractionLost: 0, cumulativeLost: 0, highestSequenceNumber: 5, jitter: 0, lastSenderReport: 0,
            delaySinceLastSenderReport: 0)
        let info = SenderInfo(
            ntp: NTPTimestamp(now), rtpTimestamp: sentTimestamp, packetCount: 1, octetCount: 160)
        let talking = RTCPCompound.report(from: sender, on: &receiver, cname: "me", at: now)
        #expect(talking == [.senderReport(ssrc: sender.ssrc, info, [block]), description])
    }
}
