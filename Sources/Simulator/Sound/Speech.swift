import Audio
import Glibc

/// Something that sounds like speech and says nothing: syllables of five vowels, made of pulses through three resonators.
final class Speech: AudioSource, @unchecked Sendable {
    /// The formants of a, e, i, o, u in hertz.
    private static let vowels: [[Double]] = [
        [730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240],
    ]
    /// Which vowel each syllable of the sentence has; nil is a pause.
    private static let sentence: [Int?] = [2, 0, nil, 1, 3, 0, nil, 4, 1, 2, 0, nil, nil]
    private static let syllable = Int(0.16 * Double(AudioFormat.sampleRate))

    private var resonators = Speech.vowels[0].map { Resonator(frequency: $0) }
    private var position = 0
    private var phase = 0.0

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices { frame[index] = next() }
    }

    private func next() -> Int16 {
        let (number, sample) = (position / Self.syllable, position % Self.syllable)
        defer { position = (position + 1) % (Self.sentence.count * Self.syllable) }
        let vowel = Self.sentence[number]
        if sample == 0, let vowel {
            for index in resonators.indices { resonators[index].tune(to: Self.vowels[vowel][index]) }
        }
        let loudness = vowel == nil ? 0 : sin(.pi * Double(sample) / Double(Self.syllable))
        return Int16(max(-32_000, min(32_000, 9_000 * loudness * voiced())))
    }

    /// A pulse each period of the voice, whose pitch falls through the sentence, as the mouth shapes it.
    private func voiced() -> Double {
        let pitch = 140 - 40 * Double(position) / Double(Self.sentence.count * Self.syllable)
        phase += pitch / Double(AudioFormat.sampleRate)
        var sound = phase >= 1 ? 20.0 : 0
        if phase >= 1 { phase -= 1 }
        for index in resonators.indices { sound = resonators[index].pass(sound) }
        return sound
    }
}

/// A digital resonator of two poles.
private struct Resonator {
    private static let bandwidth = 90.0

    private var (gain, first, second) = (0.0, 0.0, 0.0)
    private var (last, lastButOne) = (0.0, 0.0)

    init(frequency: Double) {
        tune(to: frequency)
    }

    mutating func tune(to frequency: Double) {
        let radius = exp(-.pi * Self.bandwidth / Double(AudioFormat.sampleRate))
        first = 2 * radius * cos(2 * .pi * frequency / Double(AudioFormat.sampleRate))
        second = -radius * radius
        gain = 1 - first - second
    }

    mutating func pass(_ input: Double) -> Double {
        let output = gain * input + first * last + second * lastButOne
        (last, lastButOne) = (output, last)
        return output
    }
}
