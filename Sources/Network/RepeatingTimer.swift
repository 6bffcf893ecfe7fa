import Dispatch
import Wire

/// A timer that fires at even intervals from its making to its end: what ``DeadlineTimer`` would be set to again each time
/// costs an allocation and a word to the system each time. Owned on its executor, where `onFire` runs as well.
package final class RepeatingTimer {
    private let source: any DispatchSourceTimer
    private let onFire: () -> Void

    package init(on executor: QueueExecutor, every interval: Duration, onFire: @escaping () -> Void) {
        self.onFire = onFire
        source = DispatchSource.makeTimerSource(queue: executor.queue)
        let nanoseconds = DispatchTimeInterval.nanoseconds(Int(interval.nanoseconds))
        source.schedule(deadline: .now() + nanoseconds, repeating: nanoseconds, leeway: .nanoseconds(0))
        source.setEventHandler { [weak self] in self?.onFire() }
        source.activate()
    }

    deinit {
        source.cancel()
    }
}
