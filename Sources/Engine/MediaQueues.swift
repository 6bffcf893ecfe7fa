import Glibc
import Network
import Synchronization

/// The queues that calls live on, one for each core: the calls of one share its metronome, and so the wake-ups of the machine.
enum MediaQueues {
    /// For fewer calls a second core is not worth its wake-ups.
    private static let worthwhile = 4

    private static let executors = (0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))).map { number in
        QueueExecutor(label: "phonebard.media.\(number + 1)")
    }
    /// Those of each are used on it only.
    nonisolated(unsafe) private static let buffers = executors.map { _ in MediaBuffers() }
    /// How many calls there are on each.
    private static let loads = Mutex([Int](repeating: 0, count: executors.count))

    /// A call's place on a queue, until it is let go of.
    final class Place: Sendable {
        private let number: Int

        fileprivate init(on number: Int) {
            self.number = number
        }

        deinit {
            loads.withLock { $0[number] -= 1 }
        }

        var executor: QueueExecutor { executors[number] }
        var buffers: MediaBuffers { MediaQueues.buffers[number] }
    }

    static func place() -> Place {
        loads.withLock { loads in
            let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            let number = loads.firstIndex { $0 < worthwhile } ?? least
            loads[number] += 1
            return Place(on: number)
        }
    }
}
