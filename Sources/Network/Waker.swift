import CEpoll
import Glibc
import Synchronization

/// Lets a queue wait for its sockets for a moment without letting work wait that other threads hand to the queue.
///
/// Either the queue sees the work before it waits, or the thread sees that the queue waits and wakes it.
final class Waker: Sendable {
    let descriptor: FileDescriptor
    private let pending = Atomic(0)
    private let isWaiting = Atomic(false)

    /// Nil when the system has no descriptor for it.
    init?() {
        let raw = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard raw >= 0 else { return nil }
        descriptor = FileDescriptor(raw)
    }

    /// Whether work is on its way to the queue.
    var hasPendingWork: Bool { pending.load(ordering: .sequentiallyConsistent) > 0 }

    /// Before work is handed to the queue, from any thread.
    func willEnqueue() {
        pending.add(1, ordering: .sequentiallyConsistent)
    }

    /// After it, on the same thread.
    func didEnqueue() {
        guard isWaiting.load(ordering: .sequentiallyConsistent) else { return }
        eventfd_write(descriptor.raw, 1)
    }

    /// When the work begins, on the queue.
    func didBegin() {
        pending.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Runs `wait` on the queue; it may take its time if it is told so.
    func waiting<Result>(_ wait: (_ mayWait: Bool) -> Result) -> Result {
        isWaiting.store(true, ordering: .sequentiallyConsistent)
        defer { isWaiting.store(false, ordering: .sequentiallyConsistent) }
        return wait(!hasPendingWork)
    }

    /// Forgets that it was woken.
    func reset() {
        var count: eventfd_t = 0
        eventfd_read(descriptor.raw, &count)
    }
}
