import Glibc
import Testing

@testable import Media

@Suite("Stretching in time") struct TimeStretchTests {
    private static let joint = 1_200

    /// A voice-like wave of so many hertz, with 20 ms after the joint.
    private static func voice(_ frequency: Double) -> [Int16] {
        (0..<4_000).map { index in
            let phase = 2 * Double.pi * frequency * Double(index) / 48_000
            return Int16(6_000 * sin(phase) + 3_000 * sin(2 * phase + 1) + 1_000 * sin(3 * phase))
        }
    }

    private static func largestStep(_ samples: some Sequence<Int16>) -> Int {
        let samples = Array(samples)
        return zip(samples, samples.dropFirst()).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    @Test("A whole number of periods is taken out, without a step", arguments: [90.0, 131, 220, 330])
    func shorten(frequency: Double) {
        let voice = Self.voice(frequency)
        var line = voice
        let removed = TimeStretch.shorten(&line, joint: Self.joint, end: Self.joint + 960, by: 600, leniently: false)
        #expect(removed >= 120)
        let periods = Double(removed) * frequency / 48_000
        #expect(abs(periods - periods.rounded()) < 0.03)
        let shortened = line[..<(Self.joint + 960 - removed)]
        #expect(shortened[..<Self.joint] == voice[..<Self.joint])
        #expect(shortened.suffix(100).elementsEqual(voice[..<(Self.joint + 960)].suffix(100)))
        #expect(Self.largestStep(shortened) < Self.largestStep(voice) * 11 / 10)
    }

    @Test("A whole number of periods is put in, without a step", arguments: [90.0, 131, 220, 330])
    func prolong(frequency: Double) {
        let voice = Self.voice(frequency)
        var line = voice
        let inserted = TimeStretch.prolong(&line, joint: Self.joint, end: Self.joint + 960, by: 200, leniently: false)
        #expect(inserted >= 120)
        let periods = Double(inserted) * frequency / 48_000
        #expect(abs(periods - periods.rounded()) < 0.03)
        let prolonged = line[..<(Self.joint + 960 + inserted)]
        #expect(prolonged[..<Self.joint] == voice[..<Self.joint])
        #expect(prolonged.suffix(100).elementsEqual(voice[..<(Self.joint + 960)].suffix(100)))
        #expect(Self.largestStep(prolonged) < Self.largestStep(voice) * 11 / 10)
    }

    @Test("A sound that is at its every lag the opposite of itself is left as it is") func opposite() {
        // Packets of 7.5 ms and a square wave of 200 Hz: the only lag is half a period.
        let wave = (0..<4_000).map { Int16($0 / 120 % 2 == 0 ? 10_000 : -10_000) }
        var line = wave
        #expect(TimeStretch.shorten(&line, joint: Self.joint, end: Self.joint + 360, by: 600, leniently: true) == 0)
        #expect(line == wave)
    }

    @Test("No more is taken out than asked for") func limit() {
        var line = Self.voice(90)
        #expect(TimeStretch.shorten(&line, joint: Self.joint, end: Self.joint + 960, by: 400, leniently: false) == 0)
        #expect(line == Self.voice(90))
    }

    @Test("Silence is cut to measure") func silence() {
        var line = [Int16](repeating: 3, count: 4_000)
        #expect(TimeStretch.shorten(&line, joint: Self.joint, end: Self.joint + 960, by: 500, leniently: false) == 500)
        #expect(TimeStretch.prolong(&line, joint: Self.joint, end: Self.joint + 960, by: 500, leniently: false) == 500)
    }

    @Test("Noise has no period and is left alone") func noise() {
        var state: UInt32 = 1
        let noise = (0..<4_000).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: state >> 18)
        }
        var line = noise
        #expect(TimeStretch.shorten(&line, joint: Self.joint, end: Self.joint + 960, by: 720, leniently: false) == 0)
        #expect(TimeStretch.prolong(&line, joint: Self.joint, end: Self.joint + 960, by: 720, leniently: false) == 0)
        #expect(line == noise)
    }
}
