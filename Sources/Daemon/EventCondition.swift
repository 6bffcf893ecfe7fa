import Journal
import Synchronization
import Wire

/// Whether events are kept, for any thread to see.
final class EventCondition: Sendable {
    private struct State {
        var failure: JournalFailure?
        var setAside: String?
    }

    private let state = Mutex(State())

    func set(_ failure: JournalFailure?) { state.withLock { $0.failure = failure } }
    func set(aside name: String) { state.withLock { $0.setAside = name } }

    /// - Parameter isLate: whether the disk has not answered in time.
    func json(isLate: Bool = false) -> JSON {
        let state = state.withLock { $0 }
        let failure = isLate ? "the disk does not answer" : state.failure.map { "\($0)" }
        var members: [String: JSON] = ["keeping": .bool(failure == nil)]
        members["failure"] = failure.map(JSON.string)
        members["setAside"] = state.setAside.map(JSON.string)
        return .object(members)
    }
}
