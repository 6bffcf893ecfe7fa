import Media
import Testing
import Wire

@Suite("Audio level (RFC 6464)") struct AudioLevelTests {
    private func level(_ amplitude: Int16) -> AudioLevel {
        let samples = (0..<960).map { $0 % 2 == 0 ? amplitude : -amplitude }
        return AudioLevel(of: samples.span)
    }

    @Test("The level is that of the samples' power below full scale, rounded (§3)") func levels() {
        #expect(level(32_767) == AudioLevel(attenuation: 0, isVoice: true))
        #expect(level(3_277) == AudioLevel(attenuation: 20, isVoice: true))
        #expect(level(16_384) == AudioLevel(attenuation: 6, isVoice: true))
        #expect(level(1) == AudioLevel(attenuation: 90, isVoice: false))
        #expect(level(0) == AudioLevel(attenuation: 127, isVoice: false))
        let nothing: [Int16] = []
        let level = AudioLevel(of: nothing.span)
        #expect(level.attenuation == 127)
    }

    @Test("It stands in a one-byte header extension, and is found there (RFC 8285 §4.2)") func header() throws {
        let header = RTPHeader(payloadType: 111, marker: true, sequenceNumber: 1, timestamp: 2, ssrc: 3)
        var bytes = [UInt8](repeating: 0, count: 22)
        var span = bytes.mutableSpan
        header.write(into: &span, audioLevel: (id: 5, level: AudioLevel(attenuation: 30, isVoice: true)))
        #expect(
            bytes.prefix(20) == [0x90, 0xEF, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 0x50, 0x80 | 30, 0, 0])
        let packet = try RTPPacket(parsing: bytes.span)
        #expect(packet.header == header)
        #expect(packet.payload == 20..<22)
        let (there, elsewhere) = (packet.audioLevel(id: 5, in: bytes.span), packet.audioLevel(id: 4, in: bytes.span))
        #expect(there == AudioLevel(attenuation: 30, isVoice: true))
        #expect(elsewhere == nil)
    }

    @Test(
        "Other elements and padding are stepped over, and what is cut short has none",
        arguments: [
            ([0x22, 1, 2, 3, 0, 0x10, 0x9E, 0], 30), ([0x10, 0x9E, 0, 0, 0, 0, 0, 0], 30),
            ([0xF0, 0, 0x10, 0x9E], nil), ([0x2F, 0x10, 0x10, 0x10], nil), ([0, 0, 0, 0x10], nil), ([], nil),
        ] as [([UInt8], UInt8?)])
    func elements(elements: [UInt8], attenuation: UInt8?) throws {
        let bytes: [UInt8] =
            [0x90, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, UInt8(elements.count / 4)] + elements + [1, 2]
        let packet = try RTPPacket(parsing: bytes.span)
        let level = packet.audioLevel(id: 1, in: bytes.span)
        #expect(level?.attenuation == attenuation)
    }
}
