import Audio

/// A second of a tone, made beforehand: the microphone costs a copy.
final class PreparedTone: AudioSource, @unchecked Sendable {
    private static let samples: [Int16] = {
        let tone = ToneSource(frequency: 440, level: -12)
        var samples: [Int16] = []
        var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
        for _ in 0..<50 {
            var room = frame.mutableSpan
            tone.read(into: &room)
            samples += frame
        }
        return samples
    }()

    private var position = 0

    init() {
        position = Self.samples.startIndex
    }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices { frame[index] = Self.samples[position + index] }
        position = (position + frame.count) % Self.samples.count
    }
}
