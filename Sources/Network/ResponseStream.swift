import HTTP
import Synchronization

/// A response whose body is sent piece by piece for as long as it lasts; usable from any thread.
///
/// Chunked on HTTP/1.1, ended by the end of the connection on HTTP/1.0 (RFC 9112 §6.3).
package final class ResponseStream: Sendable {
    /// How a stream ended.
    package enum End: Hashable, Sendable {
        /// By ``ResponseStream/finish()``, or because the request was a HEAD or the status has no body.
        case finished
        /// The client is gone, which it is as soon as it ends its own sending half: a stream has no end to wait for.
        case disconnected
        /// The client read too slowly and was cut off.
        case tooSlow
        /// The server stops; what was sent before is still delivered.
        case serverStopping
        /// The request had an answer already.
        case notStarted
    }

    private let connection: HTTPConnection
    private let outbox: StreamOutbox

    init(_ connection: HTTPConnection, outbox: StreamOutbox) {
        self.connection = connection
        self.outbox = outbox
    }

    /// Queues bytes and never waits; a queue that grows over its limit cuts the connection off.
    package func send(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        switch outbox.add(bytes) {
        case .schedule: connection.performLater { [outbox] in $0.sendStream(outbox) }
        case .overflowed: connection.performLater { [outbox] in $0.streamOverflowed(outbox) }
        case .added, .closed: break
        }
    }

    /// Runs `action` once, on the server's queue, when everything sent so far is with the system; never, when the stream
    /// ends before.
    package func whenDrained(_ action: @escaping @Sendable () -> Void) {
        connection.performLater { [outbox] in $0.whenStreamDrained(outbox, action) }
    }

    /// Ends the body after what was sent before.
    package func finish() {
        outbox.close()
        connection.performLater { [outbox] in $0.finishStream(outbox) }
    }
}

/// The bytes that any thread hands to a ``ResponseStream``, until the connection's queue comes to send them.
final class StreamOutbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    func add(_ bytes: [UInt8]) -> Outbox.Verdict {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            guard state.bytes.count <= limit else {
                state.isClosed = true
                return .overflowed
            }
            let isFirst = state.bytes.isEmpty
            state.bytes += bytes
            return isFirst ? .schedule : .added
        }
    }

    func takeAll() -> [UInt8] {
        state.withLock { state in
            let bytes = state.bytes
            state.bytes = []
            return bytes
        }
    }

    /// Takes no more from now on; what is in it can still be taken out.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}
