import ControlAPI
import Dispatch
import HTTP
import HTTPTypes
import Network
import Synchronization
import Wire

/// The event stream, each subscription over a WebSocket or as server-sent events.
final class EventStreams: Sendable {
    private enum Stream {
        /// Asked for, and not there yet.
        case opening
        case webSocket(WebSocketConnection)
        case serverSent(ResponseStream)
    }

    private struct Subscription {
        let caller: AccessControl.Caller
        var stream = Stream.opening
    }

    private static let subprotocol = "phonebard.v1"

    private let backend: any ControlBackend
    private let tokens: any Tokens
    private let lastSubscriber = Atomic<UInt64>(0)
    private let subscriptions: Mutex<[SubscriberID: Subscription]> = Mutex([:])

    init(backend: any ControlBackend, tokens: any Tokens, keepAliveInterval: Duration) {
        self.backend = backend
        self.tokens = tokens
        let timer = DispatchSource.makeTimerSource(queue: .global())
        let interval = DispatchTimeInterval.nanoseconds(Int(keepAliveInterval.nanoseconds))
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler { [weak self] in
            if let self { tick() } else { timer.cancel() }
        }
        timer.activate()
    }

    func begin(
        _ target: RequestTarget, of seat: SeatName?, _ request: IncomingRequest, for caller: AccessControl.Caller,
        _ reply: Reply
    ) throws(Problem) {
        if let offered = request.offeredSubprotocols {
            openWebSocket(after: try position("after", target["after"]), of: seat, offered, for: caller, reply)
        } else if request.acceptsEventStream {
            let resumed = try position("Last-Event-ID", request.field("last-event-id"))
            let after = try position("after", target["after"])
            sendEvents(after: resumed ?? after, of: seat, to: request.head.method, for: caller, reply)
        } else {
            throw .upgradeRequired
        }
    }

    private func position(_ name: String, _ text: String?) throws(Problem) -> LogPosition? {
        guard let text else { return nil }
        guard let position = LogPosition(text) else { throw .invalidParameter(name) }
        return position
    }

    private func openWebSocket(
        after: LogPosition?, of seat: SeatName?, _ offered: [String], for caller: AccessControl.Caller,
        _ reply: Reply
    ) {
        let id = nextSubscriber()
        reply.responder.acceptWebSocket(subprotocol: offered.contains(Self.subprotocol) ? Self.subprotocol : nil) {
            [self] connection in
            add(id, Subscription(caller: caller, stream: .webSocket(connection)))
            backend.subscribe(id, after: after, to: Self.sink(WebSocketSink(connection: connection), of: seat))
            return WebSocketCallbacks(onMessage: { _ in }, onClose: { [self] _ in remove(id) })
        }
    }

    private func sendEvents(
        after: LogPosition?, of seat: SeatName?, to method: HTTPRequest.Method, for caller: AccessControl.Caller,
        _ reply: Reply
    ) {
        let head = reply.head(.ok, [.contentType: "text/event-stream", .cacheControl: "no-store"])
        guard method != .head else { return reply.responder.respond(head) }
        let id = nextSubscriber()
        add(id, Subscription(caller: caller))
        let stream = reply.responder.stream(head) { [self] _ in remove(id) }
        guard opened(id, .serverSent(stream)) else { return }
        stream.send(ServerSentEvent.comment)
        backend.subscribe(id, after: after, to: Self.sink(ServerSentSink(stream: stream), of: seat))
        // It may have ended in between.
        if !isOpen(id) { backend.unsubscribe(id) }
    }

    private static func sink(_ sink: any EventSink, of seat: SeatName?) -> any EventSink {
        seat.map { SeatSink(seat: $0, sink: sink) } ?? sink
    }
}

extension EventStreams {
    /// Ends the streams of tokens that are no longer there.
    func endRevoked() {
        let valid = Set(tokens.all.map(\.id))
        for subscription in subscriptions.withLock({ Array($0.values) }) {
            guard case .token(let token) = subscription.caller, !valid.contains(token.id) else { continue }
            switch subscription.stream {
            case .opening: break
            case .webSocket(let connection): connection.close(.policyViolation, reason: "token revoked")
            case .serverSent(let stream): stream.finish()
            }
        }
    }

    /// A comment keeps a silent stream alive, HTML Living Standard §9.2.7; a token may have been revoked by another process.
    private func tick() {
        guard !subscriptions.withLock(\.isEmpty) else { return }
        endRevoked()
        for case .serverSent(let stream) in subscriptions.withLock({ $0.values.map(\.stream) }) {
            stream.send(ServerSentEvent.comment)
        }
    }

    private func nextSubscriber() -> SubscriberID {
        SubscriberID(lastSubscriber.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private func add(_ id: SubscriberID, _ subscription: Subscription) {
        subscriptions.withLock { $0[id] = subscription }
    }

    /// False when it has ended already.
    private func opened(_ id: SubscriberID, _ stream: Stream) -> Bool {
        subscriptions.withLock { subscriptions in
            subscriptions[id]?.stream = stream
            return subscriptions[id] != nil
        }
    }

    private func isOpen(_ id: SubscriberID) -> Bool {
        subscriptions.withLock { $0[id] != nil }
    }

    private func remove(_ id: SubscriberID) {
        _ = subscriptions.withLock { $0.removeValue(forKey: id) }
        backend.unsubscribe(id)
    }
}

/// Lets only the events of one seat through, and what is said of gaps, in which they may have been.
private struct SeatSink: EventSink {
    let seat: SeatName
    let sink: any EventSink

    func send(_ message: EventMessage) {
        if message.isGap || message.isOf(seat) { sink.send(message) }
    }

    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        sink.whenDrained(action)
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
    fileprivate var acceptsEventStream: Bool {
        let accepted = head.headerFields[.accept]?.lowercased().split(separator: ",") ?? []
        return accepted.contains { range in
            let parts = range.filter { $0 != " " }.split(separator: ";")
            return parts.first == "text/event-stream" && !parts.dropFirst().contains { $0.isZeroWeight }
        }
    }
}

extension StringProtocol {
    /// `q=0` of RFC 9110 §12.4.2: what is not wanted at all.
    fileprivate var isZeroWeight: Bool {
        hasPrefix("q=0") && dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
    }
}
