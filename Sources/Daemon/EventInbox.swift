import ControlAPI
import Synchronization
import Wire

/// What has happened and was not told yet, and the numbers given to it.
///
/// The numbers are consecutive and end at ``position``. There is a limit, for while the disk does not answer: then the oldest
/// go, and are told as a gap.
final class EventInbox: Sendable {
    struct Occurrence {
        let content: Event.Content
        let seat: String
        let unixMilliseconds: Int64
    }

    private let limit: Int

    private struct State {
        var position: LogPosition
        var occurrences: [Occurrence] = []
        var isClosed = false
    }

    private let state: Mutex<State>

    init(after position: LogPosition, limit: Int) {
        self.limit = limit
        state = Mutex(State(position: position))
    }

    /// The last event that has happened.
    var position: LogPosition { state.withLock { $0.position } }

    /// True when it is the first since the last ``takeAll()``.
    func add(_ occurrence: Occurrence) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.position = LogPosition(epoch: state.position.epoch, seq: state.position.seq + 1)
            if state.occurrences.count == limit { state.occurrences.removeFirst(limit / 2) }
            state.occurrences.append(occurrence)
            return state.occurrences.count == 1
        }
    }

    /// The events and the number of the first of them.
    func takeAll() -> (first: UInt64, occurrences: [Occurrence]) {
        state.withLock { state in
            defer { state.occurrences = [] }
            return (state.position.seq - UInt64(state.occurrences.count) + 1, state.occurrences)
        }
    }

    /// Numbers go on behind the end of another log.
    func move(behind end: LogPosition) {
        state.withLock { $0.position = LogPosition(epoch: end.epoch, seq: end.seq + $0.position.seq) }
    }

    /// Nothing happens any more: a number given now would be given again after a restart.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
