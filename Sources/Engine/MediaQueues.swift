import Glibc
import Network
import Synchronization

/// The queues calls live on, one for each core: calls on one queue share its metronome, and so the wake-ups of the machine.
enum MediaQueues {
    /// So many calls in a row share a queue, for few calls are better off with one wake-up than with two cores.
    private static let run = 8

    private static let executors = (0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))).map { number in
        QueueExecutor(label: "phonebard.media.\(number)")
    }
    private static let count = Atomic<Int>(0)

    static func next() -> QueueExecutor {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[number / run % executors.count]
    }
}
