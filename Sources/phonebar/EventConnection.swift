import Foundation
import HTTP
import Logging
import Network
import Wire

/// One WebSocket to the events; its messages end when it does, and then ``ending`` says why.
final class EventConnection: Sendable {
    enum Message: Sendable {
        case opened
        case event(text: String, JSON)
        case closed(Ending)
    }

    let messages: AsyncStream<Message>
    private let client: WebSocketClient

    init(_ configuration: WebSocketClient.Configuration, at place: String) {
        let (messages, continuation) = AsyncStream.makeStream(of: Message.self)
        self.messages = messages
        var logger = Logger(label: "phonebar")
        logger.logLevel = .critical
        client = WebSocketClient(
            configuration, on: QueueExecutor(label: "events"), logger: logger,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in continuation.yield(.opened) },
                onMessage: { message in
                    guard let json = try? JSONDecoder().decode(JSON.self, from: Data(message.bytes)) else { return }
                    continuation.yield(.event(text: String(decoding: message.bytes, as: UTF8.self), json))
                },
                onClose: { reason in
                    continuation.yield(.closed(Ending(reason, at: place)))
                    continuation.finish()
                }))
        client.connect()
    }

    func close() { client.close() }
}

extension Ending {
    init(_ reason: WebSocketClient.CloseReason, at place: String) {
        switch reason {
        case .handshakeRejected(let status) where status == 401 || status == 403:
            self = .unauthorised("no events without a token with the scope 'read' (\(status))")
        case .handshakeRejected(let status): self = .refused("no events (\(status))")
        case .handshakeInvalid: self = .refused("the answer of \(place) makes no sense; is this phonebard?")
        case .refused: self = .unreachable("nobody listens at \(place); is phonebard running?")
        default: self = .unreachable("\(place): \(reason)")
        }
    }
}
