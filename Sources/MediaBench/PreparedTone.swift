import Audio
import Synchronization

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

    /// How many frames all of them have given: what a measurement is a share of, however late the frames are.
    static let framesRead = Atomic<Int>(0)

    private var position = 0

    init() {
        position = Self.samples.startIndex
    }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices { frame[index] = Self.samples[position + index] }
        Self.framesRead.wrappingAdd(1, ordering: .relaxed)
        position = (position + frame.count) % Self.samples.count
    }
}
