import HTTP
import Wire

/// What happens on a ``WebSocketConnection``; both run on the server's queue, `onClose` exactly once and last.
package struct WebSocketCallbacks: Sendable {
    package var onMessage: @Sendable (WebSocket.Message) -> Void
    /// The code the peer closed with, or ours; ``WebSocket/CloseCode/abnormal`` when the connection just ended.
    package var onClose: @Sendable (WebSocket.CloseCode) -> Void

    package init(
        onMessage: @escaping @Sendable (WebSocket.Message) -> Void,
        onClose: @escaping @Sendable (WebSocket.CloseCode) -> Void
    ) {
        self.onMessage = onMessage
        self.onClose = onClose
    }
}

/// The server's end of an open WebSocket; usable from any thread.
package final class WebSocketConnection: Sendable {
    package let peer: SocketPeer
    private let connection: HTTPConnection
    private let outbox: Outbox

    init(_ connection: HTTPConnection, outbox: Outbox) {
        peer = connection.peer
        self.connection = connection
        self.outbox = outbox
    }

    /// Queues a message and never waits; a queue that grows over its limit closes the connection with 1008.
    package func send(_ message: WebSocket.Message) {
        switch outbox.add(message) {
        case .schedule: connection.performLater { $0.sendOutbox() }
        case .overflowed: connection.performLater { $0.webSocketOverflowed() }
        case .added, .closed: break
        }
    }

    /// Runs `action` once, on the server's queue, when everything sent so far is with the system; never, when the connection
    /// ends before.
    package func whenDrained(_ action: @escaping @Sendable () -> Void) {
        connection.performLater { $0.whenWebSocketDrained(action) }
    }

    /// Closes after what was sent before; ``WebSocketCallbacks/onClose`` follows in any case.
    package func close(_ code: WebSocket.CloseCode = .normal, reason: String = "") {
        connection.performLater { $0.closeWebSocket(code, reason: reason) }
    }
}
