import Wire

/// Who does something at every beat of a ``Metronome``.
package protocol BeatListener: AnyObject {
    func beat(at now: Instant)
}

/// Beats every 20 ms for all on one executor that work at that pace: the sound of calls, and before it the sockets through
/// which it comes.
///
/// However many calls there are, one timer wakes the machine once a beat, as long as anybody listens. Owned and used on its
/// executor only.
package final class Metronome {
    package static let interval = Duration.milliseconds(20)

    /// When the datagram came that is being handed over: it may have waited for a beat.
    package internal(set) var arrival = Instant(nanoseconds: 0)
    /// When the next beat is due.
    package private(set) var next = Instant(nanoseconds: 0)

    private unowned let executor: QueueExecutor
    private var timer: RepeatingTimer?
    private var readers: [any BeatListener] = []
    private var listeners: [any BeatListener] = []

    init(on executor: QueueExecutor) {
        self.executor = executor
    }

    /// Whether anybody but sockets listens.
    var isHeard: Bool { !listeners.isEmpty }

    package func add(_ listener: any BeatListener) {
        listeners.append(listener)
        start()
    }

    package func remove(_ listener: any BeatListener) {
        listeners.removeAll { $0 === listener }
        stopUnlessHeard()
    }

    func add(reader: any BeatListener) {
        readers.append(reader)
        start()
    }

    func remove(reader: any BeatListener) {
        readers.removeAll { $0 === reader }
        stopUnlessHeard()
    }

    /// The timer starts after the clock is read, so that it never beats before it is due.
    private func start() {
        guard timer == nil else { return }
        next = MonotonicClock.now + Self.interval
        timer = RepeatingTimer(on: executor, every: Self.interval) { [unowned self] in beat() }
    }

    private func stopUnlessHeard() {
        if readers.isEmpty, listeners.isEmpty { timer = nil }
    }

    /// Whoever is told may add and remove others.
    private func beat() {
        let now = MonotonicClock.now
        while next <= now { next = next + Self.interval }
        for reader in readers { reader.beat(at: now) }
        for listener in listeners { listener.beat(at: now) }
    }
}
