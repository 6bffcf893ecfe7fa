import Network
import Wire

/// How long a description waits for servers' candidates: host candidates are there at once, and a dead server must not
/// hold up a call.
final class Gathering {
    /// For what may come beside candidates that are there.
    private static let patience = Duration.milliseconds(400)
    /// For any candidate at all, where host candidates are forbidden.
    private static let lastPatience = Duration.seconds(8)

    private let isDone: () -> Bool
    private let hasCandidates: () -> Bool
    private let onTimeout: () -> Void
    private var timer: DeadlineTimer?
    private var startedAt = MonotonicClock.now
    private var waiting: [() -> Void] = []

    /// `onTimeout` tells of each description that had to go without some server's candidates.
    init(
        on executor: QueueExecutor, isDone: @escaping () -> Bool, hasCandidates: @escaping () -> Bool,
        onTimeout: @escaping () -> Void
    ) {
        self.isDone = isDone
        self.hasCandidates = hasCandidates
        self.onTimeout = onTimeout
        timer = DeadlineTimer(on: executor) { [weak self] in self?.check() }
    }

    func start() { startedAt = MonotonicClock.now }

    /// Runs `body` once the description can be made: at once, if nothing is to be waited for.
    func whenDone(_ body: @escaping () -> Void) {
        waiting.append(body)
        check()
    }

    /// To be called whenever something may have changed.
    func check() {
        guard !waiting.isEmpty else { return }
        let elapsed = MonotonicClock.now - startedAt
        guard isDone() || elapsed >= Self.patience && hasCandidates() || elapsed >= Self.lastPatience else {
            timer?.deadline = startedAt + (elapsed < Self.patience ? Self.patience : Self.lastPatience)
            return
        }
        if !isDone() { onTimeout() }
        end()
    }

    /// Lets all go on that wait.
    func end() {
        let ready = waiting
        waiting = []
        for body in ready { body() }
    }
}
