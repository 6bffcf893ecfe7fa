import ControlAPI
import Dispatch
import Synchronization
import Wire

/// How far the log has been told, and who waits for that.
final class EventProgress: Sendable {
    private struct State {
        var told: LogPosition
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
    }

    private struct Waiter {
        let position: LogPosition
        let action: @Sendable (LogPosition) -> Void
    }

    private let state: Mutex<State>

    init(at position: LogPosition) {
        state = Mutex(State(told: position))
    }

    /// Everything up to `position` has been told.
    func reached(_ position: LogPosition) {
        let ready = state.withLock { state in
            state.told = position
            let ready = state.waiters.filter { $0.value.position.isReached(at: position) }
            for id in ready.keys { state.waiters[id] = nil }
            return ready.values
        }
        for waiter in ready { waiter.action(waiter.position) }
    }

    /// Runs `action` once, with `position` when that has been told, or with what has been told when the time is over.
    func when(_ position: LogPosition, within limit: Duration?, _ action: @escaping @Sendable (LogPosition) -> Void) {
        let id = state.withLock { state -> UInt64? in
            guard !position.isReached(at: state.told) else { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = Waiter(position: position, action: action)
            return state.lastWaiter
        }
        guard let id else { return action(position) }
        guard let limit else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(limit.nanoseconds))) { [self] in
            let (waiter, told) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.told) }
            waiter?.action(told)
        }
    }
}

extension LogPosition {
    /// A place in an epoch that is over lies behind everything.
    fileprivate func isReached(at told: LogPosition) -> Bool { epoch != told.epoch || seq <= told.seq }
}
