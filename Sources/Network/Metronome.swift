import Wire

/// Who does something at every beat of a ``Metronome``.
package protocol BeatListener: AnyObject {
    func beat(at now: Instant)
}

/// Beats every 20 ms for all on one executor that work at this pace, the sound of calls above all.
///
/// However many they are, one timer wakes the machine once a beat; none does while nobody listens. Owned and used on its
/// executor only, where the listeners run as well.
package final class Metronome {
    package static let interval = Duration.milliseconds(20)

    /// When the next beat is due, as long as anybody listens.
    package private(set) var next = Instant(nanoseconds: 0)

    private unowned let executor: QueueExecutor
    private var timer: RepeatingTimer?
    /// In the order of their coming, nil where one has left during this beat.
    private var listeners: [(any BeatListener)?] = []
    private var hasGaps = false

    init(on executor: QueueExecutor) {
        self.executor = executor
    }

    /// The listener's first beat is the ``next`` one.
    package func add(_ listener: any BeatListener) {
        listeners.append(listener)
        if timer == nil { start() }
    }

    /// No beat reaches the listener any more, not even one that others are being told of.
    package func remove(_ listener: any BeatListener) {
        guard let index = listeners.firstIndex(where: { $0 === listener }) else { return }
        listeners[index] = nil
        hasGaps = true
        if listeners.allSatisfy({ $0 == nil }) { timer = nil }
    }

    /// The timer starts after the clock is read, so that it never beats before it is due.
    private func start() {
        next = MonotonicClock.now + Self.interval
        timer = RepeatingTimer(on: executor, every: Self.interval) { [weak self] in self?.beat() }
    }

    /// Those who are told may add and remove others.
    private func beat() {
        let now = MonotonicClock.now
        while next <= now { next = next + Self.interval }
        for index in 0..<listeners.count {
            listeners[index]?.beat(at: MonotonicClock.now)
        }
        if hasGaps {
            listeners.removeAll { $0 == nil }
            hasGaps = false
        }
    }
}
