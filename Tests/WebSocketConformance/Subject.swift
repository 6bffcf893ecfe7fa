import Crypto
import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Wire

/// Who is under test: an end of phonebard's that echoes every message.
protocol Subject: Sendable {
    /// Connects the test to it; without negotiations nothing is offered, else they are tried in order.
    func connect(offering negotiations: [Negotiation]?) throws -> RawPeer
}

enum SubjectFailure: Error {
    case notStarted
    case handshake(String)
    /// Compression was declined, or answered in a way that was not asked for.
    case negotiation(String)
}

extension WebSocket.Compression {
    /// Compresses everything, and keeps contexts where the test lets it.
    fileprivate static var full: Self {
        var compression = WebSocket.Compression()
        compression.threshold = 0
        compression.keepsContext = true
        compression.windowBits = 15
        return compression
    }
}

private let messageLimit = 1 << 25

/// An ``HTTPServer`` that echoes.
struct ServerSubject: Subject {
    private let server: HTTPServer
    private let port: UInt16

    init() throws {
        var limits = HTTPServer.Limits()
        limits.webSocketMessage = messageLimit
        limits.webSocketQueue = 2 * messageLimit
        server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: 0)], limits: limits),
            logger: .silent
        ) { _, responder in
            responder.acceptWebSocket(compression: .full) { connection in
                WebSocketCallbacks(onMessage: { connection.send($0) }, onClose: { _ in })
            }
        }
        guard let port = try server.start().first?.port else { throw SubjectFailure.notStarted }
        self.port = port
    }

    func stop() async {
        await server.stop()
    }

    func connect(offering negotiations: [Negotiation]?) throws -> RawPeer {
        let socket = try RawSocket(connectingTo: port)
        let extensions = negotiations.map { negotiations in
            "Sec-WebSocket-Extensions: \(negotiations.map(\.offer).joined(separator: ", "))\r\n"
        }
        let request =
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(extensions ?? "")\r\n"
        try socket.send(request.utf8)
        let head = try socket.receiveHead(within: 10_000)
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw SubjectFailure.handshake(head) }
        guard let wanted = negotiations?.first else { return RawPeer(socket, isClient: true) }
        guard let answer = field("Sec-WebSocket-Extensions", in: head),
            let deflation = wanted.deflation(answered: answer)
        else { throw SubjectFailure.negotiation(head) }
        return RawPeer(socket, isClient: true, deflation: deflation)
    }
}

/// A ``WebSocketClient`` that echoes, a new one for every connection.
struct ClientSubject: Subject {
    private let executor = QueueExecutor(label: "echo-client")

    func connect(offering negotiations: [Negotiation]?) throws -> RawPeer {
        let listener = try RawSocket.Listener()
        start(port: listener.port, compression: negotiations == nil ? nil : .full)
        let socket = try listener.accept()
        let head = try socket.receiveHead(within: 10_000)
        guard let key = field("Sec-WebSocket-Key", in: head) else { throw SubjectFailure.handshake(head) }
        let accept = Data(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))).base64EncodedString()
        var response =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\n"
        guard let negotiations else {
            try socket.send((response + "\r\n").utf8)
            return RawPeer(socket, isClient: false)
        }
        let offer = field("Sec-WebSocket-Extensions", in: head) ?? ""
        guard
            let (wanted, answer) = negotiations.lazy.compactMap({ item in item.answer(to: offer).map { (item, $0) } })
                .first
        else { throw SubjectFailure.negotiation(offer) }
        response += "Sec-WebSocket-Extensions: \(answer)\r\n\r\n"
        try socket.send(response.utf8)
        return RawPeer(
            socket, isClient: false,
            deflation: (
                outgoing: RawPeer.Direction(
                    keepsContext: !answer.contains("server_no_context_takeover"), windowBits: 15),
                incoming: RawPeer.Direction(
                    keepsContext: !wanted.noContextTakeover,
                    windowBits: wanted.maxWindowBits == 0 ? 15 : wanted.maxWindowBits)
            ))
    }

    private func start(port: UInt16, compression: WebSocket.Compression?) {
        guard let url = WebSocketURL("ws://127.0.0.1:\(port)/") else { return }
        var configuration = WebSocketClient.Configuration(url: url)
        configuration.compression = compression
        configuration.messageLimit = messageLimit
        configuration.queueLimit = 2 * messageLimit
        configuration.silenceLimit = .seconds(200)
        let echo = Echo()
        let client = WebSocketClient(
            configuration, on: executor, logger: .silent,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in }, onMessage: { echo.client?.send($0) }, onClose: { _ in echo.client = nil }))
        echo.client = client
        client.connect()
    }

    /// Keeps a client until it has closed; used on the executor's queue only, once the client is connecting.
    private final class Echo: @unchecked Sendable {
        var client: WebSocketClient?
    }
}

private func field(_ name: String, in head: String) -> String? {
    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        .map { $0.dropFirst(name.count + 1).drop { $0 == " " } }.map(String.init)
}

extension Logger {
    static var silent: Logger { Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() } }
}
