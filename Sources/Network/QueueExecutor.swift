import Dispatch

/// The executor of an actor that lives on a serial Dispatch queue.
///
/// An actor returns it as its `unownedExecutor`; the event sources of sockets and timers run on ``queue``, where the
/// actor enters itself with `assumeIsolated`. `DispatchSerialQueue`, which would be such an executor, is absent on Linux.
package final class QueueExecutor: SerialExecutor {
    private static let key = DispatchSpecificKey<ObjectIdentifier>()

    package let queue: DispatchQueue
    private let waker: Waker?
    /// Made when it is first asked for; touched on the queue only.
    nonisolated(unsafe) private var madePoller: SocketPoller?
    /// Likewise.
    nonisolated(unsafe) private var madeMetronome: Metronome?

    /// One that lingers stays with its sockets for a moment when they have gone quiet, and answers the next request sooner;
    /// work handed to it by other ways than ``async(_:)`` may then wait a millisecond.
    package init(label: String, lingers: Bool = false) {
        queue = DispatchQueue(label: label)
        waker = lingers ? Waker() : nil
        queue.setSpecific(key: Self.key, value: ObjectIdentifier(self))
    }

    /// Whether the caller is on the queue.
    package var isCurrent: Bool {
        DispatchQueue.getSpecific(key: Self.key) == ObjectIdentifier(self)
    }

    /// Runs work on the queue, later.
    package func async(_ work: @escaping @Sendable () -> Void) {
        guard let waker else { return queue.async(execute: work) }
        waker.willEnqueue()
        queue.async {
            waker.didBegin()
            work()
        }
        waker.didEnqueue()
    }

    /// What watches the executor's sockets; the caller is on the queue.
    func poller() throws(SystemError) -> SocketPoller {
        if let madePoller { return madePoller }
        let poller = try SocketPoller(on: queue, waker: waker)
        madePoller = poller
        return poller
    }

    /// What beats for all on the executor; the caller is on the queue.
    package var metronome: Metronome {
        if let madeMetronome { return madeMetronome }
        let metronome = Metronome(on: self)
        madeMetronome = metronome
        return metronome
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        async { [self] in
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
