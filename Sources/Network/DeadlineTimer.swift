import Dispatch
import Wire

/// A timer that fires once at the instant it was last set to.
///
/// A deadline that moves back and forth with every packet costs nothing as long as it does not come nearer than the system's
/// timer is set: that one wakes up, finds that it is not time yet, and is set again. Owned and used on its executor only,
/// where `onFire` runs as well.
package final class DeadlineTimer {
    private let source: any DispatchSourceTimer
    private let onFire: () -> Void
    /// When the system's timer will wake up.
    private var armed: Instant?

    package init(on executor: QueueExecutor, onFire: @escaping () -> Void) {
        self.onFire = onFire
        source = DispatchSource.makeTimerSource(queue: executor.queue)
        source.setEventHandler { [weak self] in self?.wake() }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// When to fire next, nil for not at all.
    package var deadline: Instant? {
        didSet {
            guard let deadline, armed.map({ deadline < $0 }) ?? true else { return }
            arm(deadline, at: MonotonicClock.now)
        }
    }

    private func arm(_ instant: Instant, at now: Instant) {
        armed = instant
        let delay = max(0, (instant - now).nanoseconds)
        source.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: .nanoseconds(0))
    }

    private func wake() {
        armed = nil
        guard let deadline else { return }
        let now = MonotonicClock.now
        guard now >= deadline else {
            arm(deadline, at: now)
            return
        }
        self.deadline = nil
        onFire()
    }
}
