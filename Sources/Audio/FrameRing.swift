import Synchronization

/// A queue of numbered frames of two channels between one thread that writes and one that reads, without locks.
///
/// `written` is moved by the writer only and `read` by the reader only, each after it has touched the samples.
final class FrameRing: @unchecked Sendable {
    static let samplesPerFrame = 2 * AudioFormat.samplesPerFrame

    private let samples: UnsafeMutableBufferPointer<Int16>
    private let numbers: UnsafeMutableBufferPointer<Int>
    private let mask: Int
    private let written = Atomic<Int>(0)
    private let read = Atomic<Int>(0)

    /// Holds at least `capacity` frames.
    init(capacity: Int) {
        var size = 1
        while size < capacity { size *= 2 }
        samples = .allocate(capacity: size * Self.samplesPerFrame)
        samples.initialize(repeating: 0)
        numbers = .allocate(capacity: size)
        numbers.initialize(repeating: 0)
        mask = size - 1
    }

    deinit {
        samples.deallocate()
        numbers.deallocate()
    }

    /// The writer's part: the frame is dropped when there is no room.
    func write(_ left: Span<Int16>, _ right: Span<Int16>, number: Int) {
        let end = written.load(ordering: .relaxed)
        guard end &- read.load(ordering: .acquiring) <= mask else { return }
        let start = (end & mask) * Self.samplesPerFrame
        for index in 0..<min(left.count, right.count, AudioFormat.samplesPerFrame) {
            samples[start + 2 * index] = left[index]
            samples[start + 2 * index + 1] = right[index]
        }
        numbers[end & mask] = number
        written.store(end &+ 1, ordering: .releasing)
    }

    /// The reader's part: whether there was a frame to hand to `body`.
    func read(_ body: (_ number: Int, _ interleaved: UnsafeBufferPointer<Int16>) -> Void) -> Bool {
        let start = read.load(ordering: .relaxed)
        guard written.load(ordering: .acquiring) != start else { return false }
        let slot = start & mask
        let first = slot * Self.samplesPerFrame
        body(numbers[slot], UnsafeBufferPointer(rebasing: samples[first..<first + Self.samplesPerFrame]))
        read.store(start &+ 1, ordering: .releasing)
        return true
    }
}
