import COpus
import Testing
import Wire

@testable import Audio

@Suite struct OpusCodecTests {
    private static let frames = 100

    @Test("What is decoded is what opus_decode gives, beyond full scale as well", arguments: [3_000, 32_767, 120_000])
    func decoding(peak: Int) throws {
        let reference = try #require(opus_decoder_create(48_000, 1, nil))
        defer { opus_decoder_destroy(reference) }
        var encoder = OpusEncoder(OpusSettings())
        var decoder = OpusDecoder()
        let sound = Self.noise(peak: peak)
        var greatest = 0
        for frame in 0..<Self.frames {
            let payload = Self.encoded(sound, frame, by: &encoder)
            var (own, other) = (Self.room, Self.room)
            var room = own.mutableSpan
            let count = decoder.decode(payload.span, into: &room)
            #expect(opus_decode(reference, payload, Int32(payload.count), &other, 5_760, 0) == count)
            #expect(own == other)
            greatest = max(greatest, own.map { abs(Int($0)) }.max() ?? 0)
        }
        #expect(peak < 32_767 || greatest > 32_000)
    }

    @Test("Whatever comes, what is decoded, made up or recovered is what opus_decode gives")
    func damage() throws {
        let reference = try #require(opus_decoder_create(48_000, 1, nil))
        defer { opus_decoder_destroy(reference) }
        var decoder = OpusDecoder()
        var randomness = Randomness.seeded(1)
        for step in 0..<2_000 {
            let payload = randomness.bytes(.random(in: 1...200, using: &randomness))
            let length = Int32(payload.count)
            var (own, other) = (Self.room, Self.room)
            var room = own.mutableSpan
            let (count, expected) =
                switch step % 4 {
                case 1: (decoder.conceal(960, into: &room), opus_decode(reference, nil, 0, &other, 960, 0))
                case 2:
                    (
                        decoder.recover(960, from: payload.span, into: &room),
                        opus_decode(reference, payload, length, &other, 960, 1)
                    )
                default:
                    (
                        decoder.decode(payload.span, into: &room),
                        opus_decode(reference, payload, length, &other, 5_760, 0)
                    )
                }
            #expect(count == max(0, Int(expected)))
            #expect(own.prefix(count) == other.prefix(count))
        }
    }

    @Test("What is decoded is behind what was said by as much as a recording leaves out")
    func delay() {
        var encoder = OpusEncoder(OpusSettings())
        var decoder = OpusDecoder()
        let said = Self.noise(peak: 8_000)
        var heard: [Int16] = []
        for frame in 0..<Self.frames {
            let payload = Self.encoded(said, frame, by: &encoder)
            var samples = Self.room
            var room = samples.mutableSpan
            let count = decoder.decode(payload.span, into: &room)
            heard += samples.prefix(count)
        }
        let likeness = (0..<960).map { lag in
            stride(from: 9_600, to: said.count - 960, by: 7).reduce(0) { $0 + Int(said[$1]) * Int(heard[$1 + lag]) }
        }
        let delay = likeness.indices.max { likeness[$0] < likeness[$1] } ?? 0
        #expect(abs(delay - OpusEncoder.delay) <= 8)
    }

    private static let room = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)

    private static func encoded(_ sound: [Int16], _ frame: Int, by encoder: inout OpusEncoder) -> [UInt8] {
        var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
        var octets = payload.mutableSpan
        let length = encoder.encode(sound.span.extracting(960 * frame..<960 * (frame + 1)), into: &octets)
        return Array(payload.prefix(length))
    }

    /// Of a voice's band and rhythm, cut off at full scale.
    private static func noise(peak: Int) -> [Int16] {
        var (state, low, lower) = (UInt32(1), 0.0, 0.0)
        return (0..<960 * frames).map { index in
            state = state &* 1_664_525 &+ 1_013_904_223
            low += 0.15 * (Double(state >> 8) / Double(1 << 23) - 1 - low)
            lower += 0.15 * (low - lower)
            let swell = index % 9_600 < 7_200 ? 1.0 : 0.1
            return Int16(clamping: Int(4 * lower * swell * Double(peak)))
        }
    }
}
