import Media
import Testing
import Wire

@testable import Peer

@Suite("An audio stream with a peer that means no good, or another one") struct AudioStreamTests {
    private static let audio = NegotiatedAudio(
        codec: .pcmu, payloadType: 0, telephoneEventPayloadType: 101, sends: true, receives: true)
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private var stream: AudioStream

    init() {
        var randomness = Randomness.seeded(1)
        stream = AudioStream(codec: .pcmu, cname: "us", randomness: &randomness)
    }

    private mutating func receive(
        _ number: UInt16, ssrc: UInt32, payloadType: UInt8 = 0, timestamp: UInt32? = nil,
        _ payload: [UInt8] = [UInt8](repeating: 0xFF, count: 160), at now: Instant = start
    ) -> AudioStream.Reception {
        var packet = [UInt8](repeating: 0, count: RTPHeader.length) + payload
        var span = packet.mutableSpan
        RTPHeader(
            payloadType: payloadType, marker: false, sequenceNumber: number,
            timestamp: timestamp ?? UInt32(number) * 160, ssrc: ssrc
        ).write(into: &span)
        return stream.receive(packet.span, Self.audio, at: now)
    }

    private mutating func receiveGoodbye(of ssrc: UInt32) {
        let compound = RTCPCompound.write([.receiverReport(ssrc: ssrc, []), .goodbye([ssrc])])
        _ = stream.receiveReports(compound.span, at: Self.start)
    }

    @Test("After a BYE and a second without sound the peer has ended its stream (RFC 3550 §6.6)")
    mutating func goodbye() {
        #expect(receive(1, ssrc: 7) == .taken)
        receiveGoodbye(of: 7)
        // What the BYE has overtaken.
        #expect(receive(2, ssrc: 7) == .taken)
        #expect(stream.deadline == Self.start + .seconds(1))
        let before = stream.takeEnd(at: Self.start + .milliseconds(999))
        let end = stream.takeEnd(at: Self.start + .seconds(1))
        let after = stream.takeEnd(at: Self.start + .seconds(2))
        #expect([before, end, after] == [false, true, false])
    }

    @Test("A BYE of a source that another one follows, or has followed, ends nothing (RFC 3550 §8.2)")
    mutating func changeOfSource() {
        #expect(receive(1, ssrc: 7) == .taken)
        receiveGoodbye(of: 7)
        #expect(receive(900, ssrc: 8) == .taken)
        #expect(stream.deadline == nil)
        #expect(receive(5, ssrc: 9) == .taken)
        receiveGoodbye(of: 8)
        #expect(stream.deadline == nil)
    }

    @Test("A flood of keys is cut to what fingers can do") mutating func keys() {
        var keys = 0
        for millisecond in UInt16(0)..<3_000 {
            let reception = receive(
                millisecond, ssrc: 7, payloadType: 101, timestamp: UInt32(millisecond) * 8, [5, 0x8A, 0, 8],
                at: Self.start + .milliseconds(Int64(millisecond)))
            if case .key("5") = reception { keys += 1 }
        }
        // What may come at once, and 25 in each of the three seconds.
        #expect(keys == 99)
    }
}
