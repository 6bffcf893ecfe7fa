import ControlAPI
import HTTP
import HTTPTypes
import Network
import Synchronization
import Wire

/// The event stream, each subscription over a WebSocket or as server-sent events.
struct EventStreams: ~Copyable, Sendable {
    private static let subprotocol = "phonebard.v1"

    private let backend: any ControlBackend
    private let lastSubscriber = Atomic<UInt64>(0)

    init(backend: any ControlBackend) {
        self.backend = backend
    }

    func begin(_ target: borrowing Target, _ request: IncomingRequest, _ reply: Reply) throws(Problem) {
        guard let offered = request.offeredSubprotocols else { throw .upgradeRequired }
        var after: LogPosition?
        if let text = target["after"] {
            guard let position = LogPosition(text) else { throw .invalidParameter("after") }
            after = position
        }
        let id = SubscriberID(lastSubscriber.wrappingAdd(1, ordering: .relaxed).newValue)
        reply.responder.acceptWebSocket(subprotocol: offered.contains(Self.subprotocol) ? Self.subprotocol : nil) {
            [backend, after] connection in
            backend.subscribe(id, after: after, to: WebSocketSink(connection: connection))
            return WebSocketCallbacks(onMessage: { _ in }, onClose: { _ in backend.unsubscribe(id) })
        }
    }
}

/// One JSON text per text message.
private struct WebSocketSink: EventSink {
    let connection: WebSocketConnection

    func send(_ message: EventMessage) {
        connection.send(WebSocket.Message(.text, message.text))
    }

    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        connection.whenDrained(action)
    }
}
