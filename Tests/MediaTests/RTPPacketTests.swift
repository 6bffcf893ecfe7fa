import Media
import Testing
import Wire

@Suite struct RTPPacketTests {
    static let header = RTPHeader(
        payloadType: 111, marker: true, sequenceNumber: 0x1234, timestamp: 0x89AB_CDEF, ssrc: 0xCAFE_BABE)
    static let bytes: [UInt8] = [0x80, 0xEF, 0x12, 0x34, 0x89, 0xAB, 0xCD, 0xEF, 0xCA, 0xFE, 0xBA, 0xBE]

    static func failure(_ bytes: [UInt8]) -> RTPPacket.ParseError? {
        do {
            _ = try RTPPacket(parsing: bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("A header is written as RFC 3550 §5.1 draws it, and read back")
    func roundTrip() throws {
        var buffer = [UInt8](repeating: 0xFF, count: 14)
        var span = buffer.mutableSpan
        Self.header.write(into: &span)
        #expect(buffer == Self.bytes + [0xFF, 0xFF])
        let packet = try RTPPacket(parsing: buffer.span)
        #expect(packet.header == Self.header)
        #expect(packet.payload == 12..<14)
    }

    @Test("Contributing sources and the header extension are skipped (RFC 3550 §5.1, §5.3.1)")
    func options() throws {
        var bytes = Self.bytes
        bytes[0] = 0x92
        bytes += [UInt8](repeating: 1, count: 8) + [0xBE, 0xDE, 0, 1, 9, 9, 9, 9] + [7, 7, 7]
        #expect(try RTPPacket(parsing: bytes.span).payload == 28..<31)
    }

    @Test("Padding is no part of the payload (RFC 3550 §5.1)")
    func padding() throws {
        var bytes = Self.bytes
        bytes[0] = 0xA0
        #expect(try RTPPacket(parsing: (bytes + [7, 7, 0, 0, 3]).span).payload == 12..<14)
        #expect(try RTPPacket(parsing: (bytes + [0, 2]).span).payload == 12..<12)
    }

    @Test("Padding of no length, or longer than what follows the header, is malformed")
    func badPadding() {
        var bytes = Self.bytes
        bytes[0] = 0xA0
        #expect(Self.failure(bytes) == .badPadding)
        #expect(Self.failure(bytes + [0]) == .badPadding)
        #expect(Self.failure(bytes + [7, 3]) == .badPadding)
    }

    @Test("Every packet cut short is malformed")
    func truncated() {
        var bytes = Self.bytes
        bytes[0] = 0x91
        bytes += [1, 1, 1, 1] + [0xBE, 0xDE, 0, 1, 9, 9, 9, 9]
        for length in 0..<bytes.count {
            #expect(Self.failure(Array(bytes.prefix(length))) == .truncated)
        }
        #expect(Self.failure(bytes) == nil)
    }

    @Test("Other versions are refused", arguments: [0x00, 0x40, 0xC0] as [UInt8])
    func version(first: UInt8) {
        var bytes = Self.bytes
        bytes[0] = first
        #expect(Self.failure(bytes) == .wrongVersion)
    }

    @Test("A stream's first packet and the first after a pause carry the marker (RFC 3551 §4.1)")
    func sender() throws {
        var randomness = Randomness.seeded(1)
        var sender = RTPSender(clockRate: 48_000, randomness: &randomness)
        #expect(sender.senderInfo(at: Instant(nanoseconds: 0)) == nil)
        var headers: [RTPHeader] = []
        for tick in 0..<4 {
            var buffer = [UInt8](repeating: 0, count: 112)
            var span = buffer.mutableSpan
            if tick == 2 { sender.pause(samples: 1_920) }
            let now = Instant(nanoseconds: Int64(tick) * 20_000_000)
            let length = sender.writeHeader(
                payloadType: 111, payloadLength: 100, samples: 960, at: now, into: &span)
            #expect(length == 112)
            headers.append(try RTPPacket(parsing: buffer.span).header)
        }
        #expect(headers.map(\.marker) == [true, false, true, false])
        let first = headers[0]
        #expect(first.sequenceNumber < 0x8000)
        #expect(headers.map { $0.sequenceNumber &- first.sequenceNumber } == [0, 1, 2, 3])
        #expect(headers.map { $0.timestamp &- first.timestamp } == [0, 960, 3_840, 4_800])
        #expect(headers.allSatisfy { $0.ssrc == sender.ssrc && $0.payloadType == 111 })
        let info = SenderInfo(
            ntp: NTPTimestamp(bits: 1 << 32), rtpTimestamp: first.timestamp &+ 4_800 &+ 45_120, packetCount: 4,
            octetCount: 400)
        #expect(sender.senderInfo(at: Instant(nanoseconds: 1_000_000_000)) == info)
    }

    @Test(
        "The length of an Opus payload follows from its TOC (RFC 6716 §3.1)",
        arguments: [
            ([0x00], 480), ([0x08], 960), ([0x10], 1_920), ([0x18], 2_880), ([0x60], 480), ([0x68], 960),
            ([0x80], 120), ([0x88], 240), ([0xF0], 480), ([0xF8, 1, 2], 960), ([0xF9], 1_920), ([0xFA], 1_920),
            ([0xFB, 3], 2_880), ([0xFB, 6], 5_760), ([0xFB, 7], nil), ([0xFB, 0], nil), ([0xFB], nil), ([], nil),
        ] as [([UInt8], UInt32?)])
    func opusLength(payload: [UInt8], samples: UInt32?) {
        #expect(PayloadFormat.opus.samples(in: payload.span) == samples)
    }

    @Test("A G.711 payload has a sample in each byte (RFC 3551 §4.5.14)")
    func g711Length() {
        #expect(PayloadFormat.pcmu.samples(in: [UInt8](repeating: 0, count: 160).span) == 160)
        #expect(PayloadFormat.pcma.samples(in: [UInt8]().span) == nil)
    }
}
