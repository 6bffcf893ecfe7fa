import HTTP
import HTTPTypes

/// The answer to one request, given exactly once and from any thread; one that is dropped unanswered answers 500.
package final class Responder: Sendable {
    /// Answers; `Content-Length`, `Date` and `Connection` are added.
    package func respond(_ response: HTTPResponse, body: [UInt8] = []) {}

    /// Answers 101. `onOpen` runs on the server's queue before the first message and returns who is told what happens.
    package func acceptWebSocket(
        subprotocol: String? = nil, fields: HTTPFields = [:],
        onOpen: @escaping @Sendable (WebSocketConnection) -> WebSocketCallbacks
    ) {}
}
