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
    private let keepAliveInterval: Duration
    private let lastSubscriber = Atomic<UInt64>(0)

    init(backend: any ControlBackend, keepAliveInterval: Duration) {
        self.backend = backend
        self.keepAliveInterval = keepAliveInterval
    }

    func begin(_ target: RequestTarget, _ request: IncomingRequest, _ reply: Reply) throws(Problem) {
        if let offered = request.offeredSubprotocols {
            openWebSocket(after: try position("after", target["after"]), offered, reply)
        } else if request.acceptsEventStream {
            let resumed = try position("Last-Event-ID", request.lastEventID)
            let after = try position("after", target["after"])
            sendEvents(after: resumed ?? after, to: request.head.method, reply)
        } else {
            throw .upgradeRequired
        }
    }

    private func position(_ name: String, _ text: String?) throws(Problem) -> LogPosition? {
        guard let text else { return nil }
        guard let position = LogPosition(text) else { throw .invalidParameter(name) }
        return position
    }

    private func nextSubscriber() -> SubscriberID {
        SubscriberID(lastSubscriber.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private func openWebSocket(after: LogPosition?, _ offered: [String], _ reply: Reply) {
        let id = nextSubscriber()
        reply.responder.acceptWebSocket(subprotocol: offered.contains(Self.subprotocol) ? Self.subprotocol : nil) {
            [backend] connection in
            backend.subscribe(id, after: after, to: WebSocketSink(connection: connection))
            return WebSocketCallbacks(onMessage: { _ in }, onClose: { _ in backend.unsubscribe(id) })
        }
    }

    private func sendEvents(after: LogPosition?, to method: HTTPRequest.Method, _ reply: Reply) {
        let head = reply.head(.ok, [.contentType: "text/event-stream", .cacheControl: "no-store"])
        guard method != .head else { return reply.responder.respond(head) }
        let id = nextSubscriber()
        let keepAlive = KeepAlive(every: keepAliveInterval)
        let stream = reply.responder.stream(head) { [backend] _ in
            keepAlive.end()
            backend.unsubscribe(id)
        }
        keepAlive.begin {
            stream.send(ServerSentEvent.comment)
            backend.subscribe(id, after: after, to: ServerSentSink(stream: stream))
        } onTick: {
            stream.send(ServerSentEvent.comment)
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

/// One server-sent event per message, with the position it resumes at for `Last-Event-ID`.
private struct ServerSentSink: EventSink {
    let stream: ResponseStream

    func send(_ message: EventMessage) {
        stream.send(ServerSentEvent.bytes(of: message))
    }

    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        stream.whenDrained(action)
    }
}

extension IncomingRequest {
    fileprivate var lastEventID: String? {
        head.headerFields.first { $0.name.canonicalName == "last-event-id" }?.value
    }

    fileprivate var acceptsEventStream: Bool {
        let accepted = head.headerFields[.accept]?.lowercased().split(separator: ",") ?? []
        return accepted.contains { $0.prefix { $0 != ";" }.filter { $0 != " " } == "text/event-stream" }
    }
}
