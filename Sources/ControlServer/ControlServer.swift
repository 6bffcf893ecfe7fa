import ControlAPI
import Crypto
import HTTP
import HTTPTypes
import Logging
import Network
import Synchronization
import Wire

/// The control API on an HTTP server: authorises, decodes, asks the backend, encodes.
package final class ControlServer: Sendable {
    private static let subprotocol = "phonebard.v1"

    private let token: Redacted<String>
    private let backend: any ControlBackend
    private let logger: Logger
    private let server: Mutex<HTTPServer?> = Mutex(nil)
    private let lastSubscriber = Atomic<UInt64>(0)

    package init(token: Redacted<String>, backend: any ControlBackend, logger: Logger) {
        self.token = token
        self.backend = backend
        self.logger = logger
    }

    /// Listens on every endpoint; returns them with their actual ports.
    package func start(on endpoints: [Endpoint]) throws(HTTPServer.StartFailure) -> [Endpoint] {
        let server = HTTPServer(configuration: HTTPServer.Configuration(endpoints: endpoints), logger: logger) {
            [weak self] request, responder in
            self?.answer(request, responder)
        }
        self.server.withLock { $0 = server }
        return try server.start()
    }

    package func stop() async {
        await server.withLock { $0 }?.stop()
    }

    private func answer(_ request: IncomingRequest, _ responder: Responder) {
        do throws(Problem) {
            try authorise(request)
            let target = Target(request.head.path ?? "/")
            let operation = try Operation(method: request.head.method, path: target.path)
            try carryOut(operation, target, request, responder)
        } catch {
            responder.respond(error)
        }
    }

    private func carryOut(
        _ operation: Operation, _ target: Target, _ request: IncomingRequest, _ responder: Responder
    ) throws(Problem) {
        guard request.body.isEmpty || request.isJSON else { throw .unsupportedMediaType }
        if let command = try Command(operation, body: request.body.span) {
            backend.perform(command) { result in
                switch result {
                case .success(let answer): responder.respond(json: answer)
                case .failure(let problem): responder.respond(problem)
                }
            }
        } else if operation == .events {
            try stream(target, request, responder)
        } else {
            backend.state { responder.respond(json: $0) }
        }
    }

    private func stream(_ target: Target, _ request: IncomingRequest, _ responder: Responder) throws(Problem) {
        guard let offered = request.offeredSubprotocols else { throw .upgradeRequired }
        var after: LogPosition?
        if let text = target["after"] {
            guard let position = LogPosition(text) else { throw .invalidParameter("after") }
            after = position
        }
        let id = SubscriberID(lastSubscriber.wrappingAdd(1, ordering: .relaxed).newValue)
        responder.acceptWebSocket(subprotocol: offered.contains(Self.subprotocol) ? Self.subprotocol : nil) {
            [backend, after] connection in
            backend.subscribe(id, after: after, to: WebSocketSink(connection: connection))
            return WebSocketCallbacks(onMessage: { _ in }, onClose: { _ in backend.unsubscribe(id) })
        }
    }

    /// A token in `Authorization`, or in the list of subprotocols for browsers, which cannot set fields on a WebSocket.
    private func authorise(_ request: IncomingRequest) throws(Problem) {
        let prefix = "bearer "
        if let field = request.head.headerFields[.authorization], field.lowercased().hasPrefix(prefix),
            isToken(field.dropFirst(prefix.count))
        {
            return
        }
        for offered in request.offeredSubprotocols ?? [] where offered.hasPrefix("bearer.") {
            if isToken(offered.dropFirst("bearer.".count)) { return }
        }
        throw .unauthorized
    }

    private func isToken(_ text: Substring) -> Bool {
        constantTimeEqual(Array(text.utf8), Array(token.value.utf8))
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

extension IncomingRequest {
    fileprivate var isJSON: Bool {
        let type = head.headerFields[.contentType]?.lowercased() ?? ""
        return type.split(separator: ";").first.map { $0.trimmingSuffix(" ") } == "application/json"
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
