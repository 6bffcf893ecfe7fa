import Testing

@testable import Audio

@Suite struct G711Tests {
    @Test("Every 15th octet of the µ-law expands to its value (ITU-T G.711 table 2)")
    func muLawValues() {
        let expected: [Int16] = [
            -32124, -16764, -8828, -4604, -2364, -1180, -556, -228, -56, 24956, 12924, 6652, 3388, 1692, 812, 356, 120,
            0,
        ]
        #expect(stride(from: 0, to: 256, by: 15).map { G711.muLaw.expansion[$0] } == expected)
    }

    @Test("Every 15th octet of the A-law expands to its value (ITU-T G.711 table 1)")
    func aLawValues() {
        let expected: [Int16] = [
            -5504, -6784, -3520, -25088, -13056, -488, -248, -1824, -944, 4736, 2496, 16896, 8960, 360, 120, 1312, 688,
            848,
        ]
        #expect(stride(from: 0, to: 256, by: 15).map { G711.aLaw.expansion[$0] } == expected)
    }

    @Test("What was expanded is compressed to the same octet", arguments: [G711.muLaw, .aLaw])
    func octetsReturn(law: G711) {
        for octet in UInt8.min...UInt8.max where law != .muLaw || octet != 0x7F {
            #expect(law.compressed(law.expansion[Int(octet)]) == octet)
        }
        #expect(G711.muLaw.expansion[0x7F] == 0)
    }

    @Test("The table has what each sample becomes", arguments: [G711.muLaw, .aLaw])
    func compression(law: G711) {
        for sample in Int16.min...Int16.max {
            #expect(law.compression[(Int(sample) + 0x8000) >> law.droppedBits] == law.compressed(sample))
        }
    }

    @Test("No sample is farther from its octet than half a step", arguments: [G711.muLaw, .aLaw])
    func quantisation(law: G711) {
        for sample in Int16.min...Int16.max {
            let error = abs(Int(law.expansion[Int(law.compressed(sample))]) - Int(sample))
            #expect(error <= max(8, abs(Int(sample)) / 30 + 4))
        }
    }
}

/// What FFmpeg makes of the same input.
@Suite("G.722 beside another implementation") struct G722Tests {
    @Test("Every octet is decoded to the same samples (ITU-T G.722 §4)")
    func decoding() {
        var decoder = G722.Decoder()
        let octets = (0..<480).map { UInt8(truncatingIfNeeded: ($0 * $0 * 7 + $0 * 13) >> 3) }
        let samples = octets.flatMap { octet -> [Int16] in
            let (first, second) = decoder.decode(octet)
            return [first, second]
        }
        #expect(samples.prefix(16) == [0, 0, -1, -1, -1, 0, 0, -1, -1, 1, 0, -7, 3, -4, -4, -32])
        #expect(samples.suffix(4) == [5705, 6652, -4456, 8299])
        #expect(checksum(samples) == 1_958_277_149)
    }

    @Test("Every sample is encoded to the same octets (ITU-T G.722 §3)")
    func encoding() {
        var encoder = G722.Encoder()
        let samples = (0..<960).map { Int16($0 * 700 % 24_000 - 12_000) }
        let octets = stride(from: 0, to: 960, by: 2).map { encoder.encode(samples[$0], samples[$0 + 1]) }
        #expect(octets.prefix(12) == [46, 132, 32, 132, 32, 132, 4, 140, 14, 146, 213, 217])
        #expect(checksum(octets) == 1_904_273_237)
    }

    private func checksum(_ values: [some BinaryInteger]) -> UInt32 {
        values.reduce(0) { $0 &* 31 &+ UInt32(truncatingIfNeeded: $1) }
    }
}

@Suite struct AudioCodecTests {
    static let codecs: [AudioCodec] = [.opus(OpusSettings()), .g711(.muLaw), .g711(.aLaw), .g722]

    @Test("A tone keeps its frequency and level through each codec", arguments: codecs)
    func tone(codec: AudioCodec) throws {
        var encoder = AudioEncoder(codec)
        var decoder = AudioDecoder(codec)
        let reading = reading(of: ToneSource(frequency: 440, level: -20), frames: 25) { frame in
            frame = decoded(encoded(frame, by: &encoder), by: &decoder)
        }
        #expect(abs(try #require(reading.frequency) - 440) < 2)
        #expect(abs(reading.level + 20) < 1)
    }

    @Test("20 ms of G.722 are 160 octets (RFC 3551 §4.5.2)")
    func g722Length() {
        var encoder = AudioEncoder(.g722)
        #expect(encoded(nextFrame(of: Melody()), by: &encoder).count == 160)
    }

    @Test("A tone above the telephone's band comes through G.722")
    func wideBand() throws {
        var encoder = AudioEncoder(.g722)
        var decoder = AudioDecoder(.g722)
        var heard: [Int16] = []
        let reading = reading(of: ToneSource(frequency: 6_000, level: -20), frames: 25) { frame in
            frame = decoded(encoded(frame, by: &encoder), by: &decoder)
            heard = frame
        }
        // Two for each period, 120 of which are in 20 ms.
        let crossings = zip(heard, heard.dropFirst()).count { ($0 < 0) != ($1 < 0) }
        #expect((238...242).contains(crossings))
        #expect(abs(reading.level + 20) < 2)
    }

    @Test("Packets of 10, 40 and 60 ms hold as much as they say", arguments: codecs)
    func packetTimes(codec: AudioCodec) {
        var encoder = AudioEncoder(codec)
        var decoder = AudioDecoder(codec)
        let melody = Melody()
        for frames in 1...3 {
            let sound = (0..<frames).flatMap { _ in nextFrame(of: melody) }
            #expect(decoded(encoded(sound, by: &encoder), by: &decoder).count == sound.count)
        }
        let half = Array(nextFrame(of: melody).prefix(480))
        #expect(decoded(encoded(half, by: &encoder), by: &decoder).count == 480)
    }

    @Test("Discontinuous transmission sends next to nothing of silence, and speech as before (RFC 7587 §3.1.3)")
    func discontinuousTransmission() {
        var settings = OpusSettings()
        settings.discontinuousTransmission = true
        var encoder = AudioEncoder(.opus(settings))
        let melody = Melody()
        let spoken = (0..<50).map { _ in encoded(nextFrame(of: melody), by: &encoder) }
        #expect(spoken.allSatisfy { !$0.isEmpty })
        let silence = [Int16](repeating: 0, count: 960)
        let silent = (0..<100).map { _ in encoded(silence, by: &encoder) }
        #expect(silent.suffix(50).count { $0.isEmpty } > 40)
    }

    @Test("20 ms of G.711 are 160 octets (RFC 3551 §4.5.14)", arguments: [G711.muLaw, .aLaw])
    func g711Length(law: G711) {
        var encoder = AudioEncoder(.g711(law))
        #expect(encoded(nextFrame(of: Melody()), by: &encoder).count == 160)
    }

    @Test("Opus packets say one frame of 20 ms, mono, and keep to the bit rate (RFC 6716 §3.1)")
    func opusPackets() {
        var encoder = AudioEncoder(.opus(OpusSettings()))
        let melody = Melody()
        let packets = (0..<100).map { _ in encoded(nextFrame(of: melody), by: &encoder) }
        for packet in packets {
            #expect(packet[0] & 0b111 == 0)
            #expect([1, 5, 9, 13, 15].contains(packet[0] >> 3) || packet[0] >> 3 & 3 == 3)
        }
        let octets = packets.reduce(0) { $0 + $1.count }
        #expect(octets < 28_000 / 8 * 2 * 5 / 4)
    }

    @Test("One lost frame of a tone is concealed near its level", arguments: codecs)
    func concealment(codec: AudioCodec) throws {
        var encoder = AudioEncoder(codec)
        var decoder = AudioDecoder(codec)
        var count = 0
        let reading = reading(of: ToneSource(frequency: 440, level: -20), frames: 25) { frame in
            let payload = encoded(frame, by: &encoder)
            count += 1
            frame = count == 20 ? concealed(by: &decoder) : decoded(payload, by: &decoder)
        }
        #expect(abs(try #require(reading.frequency) - 440) < 5)
        #expect(abs(reading.level + 20) < 2)
    }

    @Test("Nothing but losses fade to silence", arguments: codecs)
    func fadesOut(codec: AudioCodec) {
        var encoder = AudioEncoder(codec)
        var decoder = AudioDecoder(codec)
        let tone = ToneSource(frequency: 440, level: -10)
        for _ in 0..<10 { _ = decoded(encoded(nextFrame(of: tone), by: &encoder), by: &decoder) }
        for _ in 0..<50 { _ = concealed(by: &decoder) }
        #expect(concealed(by: &decoder).allSatisfy { abs(Int($0)) < 33 })
    }

    @Test("A lost Opus frame comes back from the forward error correction of the next (RFC 6716 §2.1.7)")
    func forwardErrorCorrection() throws {
        var encoder = AudioEncoder(.opus(OpusSettings()))
        encoder.expect(loss: 20)
        var decoder = AudioDecoder(.opus(OpusSettings()))
        let melody = Melody(level: -10)
        var payloads = (0..<60).map { _ in encoded(nextFrame(of: melody), by: &encoder) }
        let last = payloads.removeLast()
        for payload in payloads.dropLast() { _ = decoded(payload, by: &decoder) }
        let recovered = samples { decoder.recover(960, from: last.span, into: &$0) }
        #expect(recovered.count == 960)
        #expect(recovered.contains { abs(Int($0)) > 2000 })
    }

    @Test("Packets of 10 to 120 ms give as much sound as they hold", arguments: [80, 160, 240, 320, 480, 960])
    func g711Lengths(octets: Int) {
        var decoder = AudioDecoder(.g711(.aLaw))
        #expect(decoded([UInt8](repeating: 0xD5, count: octets), by: &decoder).count == octets * 6)
    }

    @Test("Opus packets of two frames of 20 ms give 40 ms (RFC 6716 §3.2.3)")
    func twoFrames() throws {
        var encoder = AudioEncoder(.opus(OpusSettings()))
        var decoder = AudioDecoder(.opus(OpusSettings()))
        let payload = encoded(nextFrame(of: Melody()), by: &encoder)
        let frame = payload.dropFirst()
        let double = [payload[0] | 0b01] + frame + frame
        #expect(decoded(double, by: &decoder).count == 1920)
    }

    @Test("Gaps of any length are filled", arguments: codecs)
    func gaps(codec: AudioCodec) {
        var decoder = AudioDecoder(codec)
        #expect([480, 960, 1920, 5760].allSatisfy { concealed($0, by: &decoder).count == $0 })
        #expect(concealed(100_000, by: &decoder).count == 5760)
        #expect(1...120 ~= concealed(100, by: &decoder).count)
    }

    @Test("Octets that are no packet give sound all the same, 120 ms at most", arguments: codecs)
    func garbage(codec: AudioCodec) {
        var decoder = AudioDecoder(codec)
        for length in [1, 2, 7, 159, 161, 1500] {
            for octet in stride(from: UInt8.min, to: 255, by: 3) {
                let samples = decoded([UInt8](repeating: octet, count: length), by: &decoder)
                #expect(1...5760 ~= samples.count)
            }
        }
    }
}

private func encoded(_ frame: [Int16], by encoder: inout AudioEncoder) -> [UInt8] {
    var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
    var span = payload.mutableSpan
    let length = encoder.encode(frame.span, into: &span)
    return [UInt8](payload.prefix(length))
}

private func decoded(_ payload: [UInt8], by decoder: inout AudioDecoder) -> [Int16] {
    samples { decoder.decode(payload.span, into: &$0) }
}

private func concealed(_ count: Int = 960, by decoder: inout AudioDecoder) -> [Int16] {
    samples { decoder.conceal(count, into: &$0) }
}

private func samples(_ body: (inout MutableSpan<Int16>) -> Int) -> [Int16] {
    var samples = [Int16](repeating: .min, count: AudioDecoder.maximumSamples)
    var span = samples.mutableSpan
    let count = body(&span)
    return Array(samples.prefix(count))
}
