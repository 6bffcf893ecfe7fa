import HTTP
import Logging
import Network
import Wire

/// One WebSocket to the events, open for as long as somebody waits for its messages.
enum EventConnection {
    enum Message: Sendable {
        case opened
        case event(text: String, JSON)
        /// The last one.
        case closed(Ending)
    }

    static func open(_ configuration: WebSocketClient.Configuration, at place: String) -> AsyncStream<Message> {
        AsyncStream { continuation in
            var logger = Logger(label: "phonebar")
            logger.logLevel = .critical
            let client = WebSocketClient(
                configuration, on: QueueExecutor(label: "events"), logger: logger,
                callbacks: WebSocketClient.Callbacks(
                    onOpen: { _ in continuation.yield(.opened) },
                    onMessage: { message in
                        guard let json = try? JSON(parsing: message.bytes) else { return }
                        continuation.yield(.event(text: String(decoding: message.bytes, as: UTF8.self), json))
                    },
                    onClose: { reason in
                        continuation.yield(.closed(Ending(reason, at: place)))
                        continuation.finish()
                    }))
            continuation.onTermination = { _ in client.close() }
            client.connect()
        }
    }
}

extension Ending {
    init(_ reason: WebSocketClient.CloseReason, at place: String) {
        switch reason {
        case .handshakeRejected(let status) where status == 401 || status == 403:
            self = .unauthorised("no events without a token with the scope 'read' (\(status))")
        case .handshakeRejected(let status) where status >= 500: self = .unreachable("\(place) is busy (\(status))")
        case .handshakeRejected(let status): self = .refused("no events (\(status))")
        case .handshakeInvalid: self = .refused("the answer of \(place) makes no sense; is this phonebard?")
        case .refused: self = .unreachable("nobody listens at \(place); is phonebard running?")
        case .closed(let code): self = .unreachable("the connection to \(place) has ended (\(code.rawValue))")
        default: self = .unreachable("\(place): \(reason)")
        }
    }
}
