import Synchronization

/// A queue of samples between one thread that writes and one that reads, without locks.
///
/// `written` is moved by the writer only and `read` by the reader only, each after it has touched the samples, so what
/// one publishes the other may use.
package final class SampleRing: @unchecked Sendable {
    private let samples: UnsafeMutableBufferPointer<Int16>
    private let mask: Int
    private let written = Atomic<Int>(0)
    private let read = Atomic<Int>(0)

    /// Holds at least `capacity` samples.
    package init(capacity: Int) {
        var size = 1
        while size < capacity { size *= 2 }
        samples = .allocate(capacity: size)
        samples.initialize(repeating: 0)
        mask = size - 1
    }

    deinit {
        samples.deallocate()
    }

    /// How many samples wait, as the reader sees it; more may come at any time.
    package var count: Int {
        written.load(ordering: .acquiring) &- read.load(ordering: .relaxed)
    }

    /// The writer's part: takes in what there is room for and says how much that was.
    package func write(_ input: UnsafeBufferPointer<Int16>) -> Int {
        let end = written.load(ordering: .relaxed)
        let room = samples.count - (end &- read.load(ordering: .acquiring))
        let count = min(room, input.count)
        for index in 0..<count {
            samples[(end &+ index) & mask] = input[index]
        }
        written.store(end &+ count, ordering: .releasing)
        return count
    }

    /// The reader's part: fills `output` as far as samples wait and says how far that was.
    package func read(into output: UnsafeMutableBufferPointer<Int16>) -> Int {
        let start = read.load(ordering: .relaxed)
        let count = min(written.load(ordering: .acquiring) &- start, output.count)
        for index in 0..<count {
            output[index] = samples[(start &+ index) & mask]
        }
        read.store(start &+ count, ordering: .releasing)
        return count
    }

    /// The reader's part: forgets the oldest samples beyond `limit`.
    package func drop(beyond limit: Int) {
        let excess = count - limit
        if excess > 0 {
            read.wrappingAdd(excess, ordering: .releasing)
        }
    }
}
