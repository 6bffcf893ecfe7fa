import Audio
import CAllocations
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

    /// The allocations of the program so far, at every ``framesPerCount`` frames.
    private nonisolated(unsafe) static let counts = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: 1 << 17)
    private static let framesPerCount = 20

    /// The allocations a frame in most of the time, from one frame to another: those of RTCP and ICE, some seconds apart, are
    /// not among them.
    static func usualAllocations(in frames: Range<Int>) -> Double {
        let first = frames.lowerBound / framesPerCount + 1
        let last = min(frames.upperBound / framesPerCount, counts.count - 1)
        let spent = (first..<max(first, last)).map { counts[$0 + 1] - counts[$0] }.sorted()
        return spent.isEmpty ? 0 : Double(spent[spent.count / 2]) / Double(framesPerCount)
    }

    private var position = 0

    init() {
        position = Self.samples.startIndex
    }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices { frame[index] = Self.samples[position + index] }
        let number = Self.framesRead.wrappingAdd(1, ordering: .relaxed).newValue
        if number % Self.framesPerCount == 0, number / Self.framesPerCount < Self.counts.count {
            Self.counts[number / Self.framesPerCount] = phonebard_allocation_count()
        }
        position = (position + frame.count) % Self.samples.count
    }
}
