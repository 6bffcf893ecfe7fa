import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Testing
import Wire

/// The WebSocket against peers that are not ours, in both roles.
@Suite(.timeLimit(.minutes(2)))
struct WebSocketPeerTests {
    enum Library: String, CaseIterable { case websockets, wsproto }

    enum Mode: CaseIterable {
        case off, shipped, keepingContext

        var compression: WebSocket.Compression? {
            guard self != .off else { return nil }
            var compression = WebSocket.Compression()
            compression.keepsContext = self == .keepingContext
            return compression
        }
    }

    private static let line = "one line after the other, all of them alike\n"

    @Test(
        "Python clients get text, binary, fragments, pongs and close codes back", arguments: Library.allCases,
        Mode.allCases)
    func server(_ library: Library, _ mode: Mode) async throws {
        let server = try EchoServer(mode.compression)
        let peer = try WebSocketPeer(
            "websocket_peer.py", "client", library.rawValue, "ws://127.0.0.1:\(server.port)/ws", "deflate")
        #expect(
            await peer.facts() == [
                "extension \(mode == .off ? "none" : "permessage-deflate")", "empty echoed", "text echoed",
                "binary echoed", "long echoed", "again echoed", "random echoed", "fragments echoed", "ping answered",
                "close 4001", "closed 4002",
            ])
        await server.stop()
    }

    @Test("A client that offers no compression gets none", arguments: Library.allCases)
    func uncompressedClient(_ library: Library) async throws {
        let server = try EchoServer(Mode.shipped.compression)
        let peer = try WebSocketPeer(
            "websocket_peer.py", "client", library.rawValue, "ws://127.0.0.1:\(server.port)/ws", "none")
        #expect(
            await peer.facts().prefix(5) == [
                "extension none", "empty echoed", "text echoed", "binary echoed", "long echoed",
            ])
        await server.stop()
    }

    @Test(
        "Our client and Python servers understand each other", arguments: Library.allCases,
        [
            (Mode.off, "deflate", ""), (.shipped, "deflate", "permessage-deflate"), (.shipped, "none", ""),
            (.keepingContext, "deflate", "permessage-deflate"),
        ])
    func client(_ library: Library, _ setting: (mode: Mode, theirs: String, extension: String)) async throws {
        let peer = try WebSocketPeer("websocket_peer.py", "server", library.rawValue, setting.theirs)
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        var configuration = WebSocketClient.Configuration(
            url: try #require(WebSocketURL("ws://127.0.0.1:\(try await peer.port())/ws")))
        configuration.compression = setting.mode.compression
        let client = WebSocketClient(
            configuration, on: QueueExecutor(label: "client"), logger: .silent,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in continuation.yield(.open) }, onMessage: { continuation.yield(.message($0)) },
                onClose: { continuation.yield(.closed($0)) }))
        client.connect()
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .open)
        let long = String(repeating: Self.line, count: 5000)
        let exchanges: [(WebSocket.Message, WebSocket.Message)] =
            [(.text("extension"), .text(setting.extension)), (.text("fragments"), .text("fragments: ü"))]
            + [.text(""), .text("Grüße, 你好"), .binary(Array(0...255)), .text(long), .text(long)].map { ($0, $0) }
            + [(.text("ping"), .text("pong"))]
        for (sent, expected) in exchanges {
            client.send(sent)
            #expect(await iterator.next() == .message(expected))
        }
        client.send(.text("close 4003"))
        #expect(await iterator.next() == .closed(.closed(WebSocket.CloseCode(rawValue: 4003))))
    }

    @Test(
        "Chromium compresses with our server, as shipped and with contexts kept, and closes cleanly either way",
        .enabled(if: ProcessInfo.processInfo.environment["PHONEBARD_TEST_BROWSER"] != nil), arguments: Mode.allCases)
    func browser(_ mode: Mode) async throws {
        let server = try EchoServer(mode.compression)
        let peer = try WebSocketPeer(
            "chromium_peer.py", "http://127.0.0.1:\(server.port)/", "ws://127.0.0.1:\(server.port)/ws")
        let answer =
            switch mode {
            case .off: "none"
            case .shipped: "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            case .keepingContext: "permessage-deflate"
            }
        #expect(
            await peer.facts() == [
                "extension \(answer)", "empty echoed", "text echoed", "binary echoed", "long echoed", "again echoed",
                "random echoed", "close 4001 clean", "closed 4002 as asked clean",
            ])
        await server.stop()
    }

    private enum Event: Equatable { case open, message(WebSocket.Message), closed(WebSocketClient.CloseReason) }
}

/// Echoes every message but `close CODE`, and has a page to start from.
private struct EchoServer {
    let port: UInt16
    private let server: HTTPServer

    init(_ compression: WebSocket.Compression?) throws {
        server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: 0)]),
            logger: .silent
        ) { request, responder in
            guard request.asksForWebSocket else {
                responder.respond(HTTPResponse(status: .ok, headerFields: [.contentType: "text/html"]))
                return
            }
            responder.acceptWebSocket(compression: compression) { connection in
                WebSocketCallbacks(onMessage: { Self.answer($0, connection) }, onClose: { _ in })
            }
        }
        port = try #require(try server.start().first).port
    }

    func stop() async {
        await server.stop()
    }

    private static func answer(_ message: WebSocket.Message, _ connection: WebSocketConnection) {
        if let text = message.text, text.hasPrefix("close "), let code = UInt16(text.dropFirst(6)) {
            connection.close(WebSocket.CloseCode(rawValue: code), reason: "as asked")
        } else {
            connection.send(message)
        }
    }
}

extension Logger {
    fileprivate static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
