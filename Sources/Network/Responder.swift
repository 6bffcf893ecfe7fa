import HTTP
import HTTPTypes
import Synchronization

/// The answer to one request, given from any thread.
///
/// The first answer counts and later ones are ignored, so that a time-out may race with a result; a responder that is let go
/// unanswered answers 500.
package final class Responder: Sendable {
    private let connection: HTTPConnection
    private let isAnswered = Atomic(false)

    init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    deinit {
        guard isAnswer() else { return }
        connection.perform { $0.answer(.internalServerError) }
    }

    /// Answers; `Content-Length`, `Date` and `Connection` are added.
    package func respond(_ response: HTTPResponse, body: [UInt8] = []) {
        guard isAnswer() else { return }
        connection.perform { $0.answer(response, body: body) }
    }

    /// Answers with a head now and a body piece by piece; `Date`, `Connection` and the framing are added.
    ///
    /// `onClose` runs exactly once and on the server's queue, perhaps before this returns.
    package func stream(
        _ response: HTTPResponse, onClose: @escaping @Sendable (ResponseStream.End) -> Void = { _ in }
    ) -> ResponseStream {
        let outbox = StreamOutbox(limit: connection.streamQueueLimit)
        if isAnswer() {
            connection.perform { $0.beginStream(response, outbox: outbox, onClose: onClose) }
        } else {
            outbox.close()
            connection.performLater { _ in onClose(.notStarted) }
        }
        return ResponseStream(connection, outbox: outbox)
    }

    /// Answers 101, or 500 if the request did not ask for a WebSocket; `compression` nil declines to compress.
    ///
    /// `onOpen` runs on the server's queue before the first message, unless the peer is gone, and returns who is told what
    /// happens.
    package func acceptWebSocket(
        subprotocol: String? = nil, compression: WebSocket.Compression? = WebSocket.Compression(),
        fields: HTTPFields = [:],
        onOpen: @escaping @Sendable (WebSocketConnection) -> WebSocketCallbacks
    ) {
        guard isAnswer() else { return }
        connection.perform {
            $0.upgrade(subprotocol: subprotocol, compression: compression, fields: fields, onOpen: onOpen)
        }
    }

    private func isAnswer() -> Bool {
        !isAnswered.exchange(true, ordering: .relaxed)
    }
}
