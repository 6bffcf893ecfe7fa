import Dispatch
import Synchronization
import Wire

/// Something that is done again and again from the beginning of a stream to its end, which may come first.
final class KeepAlive: Sendable {
    private let interval: Duration
    private let hasEnded = Atomic(false)

    init(every interval: Duration) {
        self.interval = interval
    }

    /// Does nothing when the end has come already. The timer lasts until its first turn after the end.
    func begin(_ body: () -> Void, onTick: @escaping @Sendable () -> Void) {
        guard !hasEnded.load(ordering: .acquiring) else { return }
        let timer = DispatchSource.makeTimerSource(queue: .global())
        let nanoseconds = DispatchTimeInterval.nanoseconds(Int(interval.nanoseconds))
        timer.schedule(deadline: .now() + nanoseconds, repeating: nanoseconds)
        timer.setEventHandler { [self] in
            if hasEnded.load(ordering: .acquiring) { timer.cancel() } else { onTick() }
        }
        timer.activate()
        body()
    }

    func end() {
        hasEnded.store(true, ordering: .releasing)
    }
}
