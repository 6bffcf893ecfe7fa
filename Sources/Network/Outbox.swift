import HTTP
import Synchronization

/// The messages that any thread hands to a WebSocket, until the connection's queue comes to send them.
final class Outbox: Sendable {
    enum Verdict: Equatable {
        /// Taken; the queue has already been asked to send.
        case added
        /// Taken, and the queue must be asked to send.
        case schedule
        /// Not taken: too much waits. Said once.
        case overflowed
        /// Not taken: the connection is closing.
        case closed
    }

    private struct State {
        var messages: [WebSocket.Message] = []
        var byteCount = 0
        var isClosed = false
    }

    private static let overheadPerMessage = 64

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    func add(_ message: WebSocket.Message) -> Verdict {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            guard state.byteCount <= limit else {
                state.isClosed = true
                return .overflowed
            }
            state.messages.append(message)
            state.byteCount += message.bytes.count + Self.overheadPerMessage
            return state.messages.count == 1 ? .schedule : .added
        }
    }

    func takeAll() -> [WebSocket.Message] {
        state.withLock { state in
            let messages = state.messages
            state.messages = []
            state.byteCount = 0
            return messages
        }
    }

    /// Takes no more from now on.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
