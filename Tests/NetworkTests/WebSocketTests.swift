import Crypto
import HTTP
import HTTPTypes
import Network
import Testing
import Wire

private enum ClientEvent: Equatable, Sendable {
    case open(subprotocol: String?)
    case message(WebSocket.Message)
    case closed(WebSocketClient.CloseReason)
}

/// A client whose callbacks end up in a mailbox.
private struct Client {
    let events = Mailbox<ClientEvent>()
    let socket: WebSocketClient

    init(
        _ url: String, subprotocols: [String] = [], trust: TLSContext.Trust = .system,
        adjust: (inout WebSocketClient.Configuration) -> Void = { _ in }
    ) throws {
        var configuration = WebSocketClient.Configuration(
            url: try #require(WebSocketURL(url)), subprotocols: subprotocols)
        configuration.route.trust = trust
        adjust(&configuration)
        let events = events
        socket = WebSocketClient(
            configuration, on: QueueExecutor(label: "client"), logger: .silent,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { events.post(.open(subprotocol: $0)) }, onMessage: { events.post(.message($0)) },
                onClose: { events.post(.closed($0)) }))
        socket.connect()
    }

    /// OpenSSL's code for what is wrong with the server's certificate, if that is what comes next.
    func rejectionCode() async throws -> Int32? {
        if case .closed(.certificateRejected(let error)) = try await events.next() { error.code } else { nil }
    }
}

/// Accepts every WebSocket, echoes what it gets, and tells about each closing.
private struct EchoServer {
    let opened = Mailbox<WebSocketConnection>()
    let closed = Mailbox<WebSocket.CloseCode>()
    let server: HTTPServer
    let port: UInt16

    init(tls: TLSContext? = nil, limits: HTTPServer.Limits = HTTPServer.Limits()) throws {
        let (opened, closed) = (opened, closed)
        server = HTTPServer(
            configuration: HTTPServer.Configuration(
                endpoints: [Endpoint(.loopback4, port: 0)], tls: tls, limits: limits),
            logger: .silent
        ) { request, responder in
            guard request.asksForWebSocket, request.head.path == "/ws" else {
                responder.respond(HTTPResponse(status: .forbidden))
                return
            }
            responder.acceptWebSocket(subprotocol: request.offeredSubprotocols?.first) { connection in
                opened.post(connection)
                return WebSocketCallbacks(
                    onMessage: { connection.send($0) }, onClose: { closed.post($0) })
            }
        }
        port = try #require(try server.start().first).port
    }
}

private let upgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
    @Test("Text and binary of every size are echoed over TLS, with the subprotocol chosen (RFC 6455 §4, RFC 7118 §4.1)")
    func echoOverTLS() async throws {
        let certificates = try Certificates(for: ["localhost"])
        let server = try EchoServer(tls: certificates.context)
        let client = try Client(
            "wss://localhost:\(server.port)/ws", subprotocols: ["sip"],
            trust: .authorities(file: certificates.authorityFile))
        #expect(try await client.events.next() == .open(subprotocol: "sip"))
        for count in [0, 5, 126, 20_000, 500_000] {
            let text = WebSocket.Message.text(String(repeating: "a", count: count))
            let binary = WebSocket.Message.binary((0..<count).map { UInt8(truncatingIfNeeded: $0) })
            client.socket.send(text)
            client.socket.send(binary)
            #expect(try await client.events.next() == .message(text))
            #expect(try await client.events.next() == .message(binary))
        }
        client.socket.close()
        #expect(try await client.events.next() == .closed(.closed(.normal)))
        #expect(try await server.closed.next() == .normal)
        await server.server.stop()
    }

    @Test("Messages sent together arrive in order, those before a close before it")
    func order() async throws {
        let server = try EchoServer()
        let client = try Client("ws://127.0.0.1:\(server.port)/ws")
        #expect(try await client.events.next() == .open(subprotocol: nil))
        let connection = try await server.opened.next()
        for number in 0..<1000 { connection.send(.text("\(number)")) }
        connection.close(.goingAway)
        for number in 0..<1000 { #expect(try await client.events.next() == .message(.text("\(number)"))) }
        #expect(try await client.events.next() == .closed(.closed(.goingAway)))
        #expect(try await server.closed.next() == .goingAway)
        await server.server.stop()
    }

    @Test("A certificate of another authority, or for another name, is rejected; nothing is sent to such a server")
    func certificates() async throws {
        let certificates = try Certificates(for: ["other.example.com"])
        let foreign = try Certificates(for: ["localhost"])
        let server = try EchoServer(tls: certificates.context)
        let url = "wss://localhost:\(server.port)/ws"
        let untrusted = try Client(url, trust: .authorities(file: foreign.authorityFile))
        #expect(try await untrusted.rejectionCode() == 20)
        let unknown = try Client(url)
        #expect(try await unknown.rejectionCode() == 20)
        let misnamed = try Client(url, trust: .authorities(file: certificates.authorityFile))
        #expect(try await misnamed.rejectionCode() == 62)
        let unreadable = try Client(url, trust: .authorities(file: "/nowhere"))
        guard case .closed(.tlsFileUnusable) = try await unreadable.events.next() else {
            Issue.record("the missing file was not said")
            return
        }
        await server.server.stop()
    }

    @Test("A dead port, a name that is none and a server that says nothing each have their own reason")
    func unreachable() async throws {
        let silent = try ListeningSocket(on: Endpoint(.loopback4, port: 0))
        let timedOut = try Client("wss://127.0.0.1:\(try #require(silent.localEndpoint).port)/") {
            $0.connectTime = .milliseconds(200)
        }
        #expect(try await timedOut.events.next() == .closed(.timedOut))
        let server = try EchoServer()
        await server.server.stop()
        let refused = try Client("ws://127.0.0.1:\(server.port)/ws")
        #expect(try await refused.events.next() == .closed(.refused))
        let unknown = try Client("ws://a..b/ws")
        #expect(try await unknown.events.next() == .closed(.dnsFailed))
    }

    @Test("An answer that is not the 101 asked for ends the opening with its reason (RFC 6455 §4.1)")
    func handshakes() async throws {
        let server = try EchoServer()
        let rejected = try Client("ws://127.0.0.1:\(server.port)/elsewhere")
        #expect(try await rejected.events.next() == .closed(.handshakeRejected(status: 403)))
        let plain = try Client("wss://127.0.0.1:\(server.port)/ws")
        guard case .closed(.tlsFailed) = try await plain.events.next() else {
            Issue.record("a server without TLS was accepted")
            return
        }
        let raw = try RawClient(port: server.port)
        try raw.send(upgrade.replacing("Version: 13", with: "Version: 8"))
        let answer = try await raw.receive(upTo: "\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n"))
        await server.server.stop()
    }

    @Test("A peer that does not read is cut off with 1008 and delays nobody (RFC 6455 §7.4.1)")
    func overflow() async throws {
        var limits = HTTPServer.Limits()
        limits.webSocketQueue = 100_000
        limits.closeTime = .milliseconds(100)
        let server = try EchoServer(limits: limits)
        let raw = try RawClient(port: server.port, receiveBuffer: 4096)
        try raw.send(upgrade)
        let slow = try await server.opened.next()
        let client = try Client("ws://127.0.0.1:\(server.port)/ws")
        #expect(try await client.events.next() == .open(subprotocol: nil))
        let flood = WebSocket.Message.binary([UInt8](repeating: 0, count: 10_000))
        for number in 0..<2000 {
            slow.send(flood)
            if number % 100 == 0 {
                client.socket.send(.text("\(number)"))
                #expect(try await client.events.next() == .message(.text("\(number)")))
            }
        }
        #expect(try await server.closed.next() == .policyViolation)
        await server.server.stop()
    }

    @Test("A client whose own queue overflows ends the connection and says so")
    func clientOverflow() async throws {
        let server = try EchoServer()
        let client = try Client("ws://127.0.0.1:\(server.port)/ws") { $0.queueLimit = 1000 }
        #expect(try await client.events.next() == .open(subprotocol: nil))
        for _ in 0..<100_000 { client.socket.send(.binary([UInt8](repeating: 0, count: 100))) }
        while true {
            switch try await client.events.next() {
            case .message: continue
            case .closed(let reason): #expect(reason == .overflowed)
            case .open: Issue.record("opened twice")
            }
            break
        }
        await server.server.stop()
    }

    @Test("A silent peer is found dead at either end")
    func deadPeers() async throws {
        var limits = HTTPServer.Limits()
        limits.pingInterval = .milliseconds(50)
        limits.silenceLimit = .milliseconds(150)
        let server = try EchoServer(limits: limits)
        let raw = try RawClient(port: server.port)
        try raw.send(upgrade)
        #expect(try await server.closed.next() == .abnormal)
        let silent = SilentServer()
        let client = try Client("ws://127.0.0.1:\(try await silent.start())/") {
            $0.pingInterval = .milliseconds(50)
            $0.silenceLimit = .milliseconds(150)
        }
        #expect(try await client.events.next() == .open(subprotocol: nil))
        #expect(try await client.events.next() == .closed(.dead))
        await server.server.stop()
    }

    @Test("Stopping the server closes WebSockets with 1001 after what was sent (RFC 6455 §7.4.1)")
    func stop() async throws {
        let server = try EchoServer()
        let client = try Client("ws://127.0.0.1:\(server.port)/ws")
        #expect(try await client.events.next() == .open(subprotocol: nil))
        try await server.opened.next().send(.text("bye"))
        await server.server.stop()
        #expect(try await client.events.next() == .message(.text("bye")))
        #expect(try await client.events.next() == .closed(.closed(.goingAway)))
        #expect(try await server.closed.next() == .goingAway)
    }

    @Test("A connection that breaks is told as abnormal, once, at either end (RFC 6455 §7.1.5)")
    func abnormal() async throws {
        let server = try EchoServer()
        do {
            let raw = try RawClient(port: server.port)
            try raw.send(upgrade)
            _ = try await server.opened.next()
        }
        #expect(try await server.closed.next() == .abnormal)
        await server.server.stop()
    }

    @Test("A hundred clients over TLS are served side by side")
    func manyClients() async throws {
        let certificates = try Certificates(for: ["127.0.0.1"])
        let server = try EchoServer(tls: certificates.context)
        let clients = try (0..<100).map { _ in
            try Client(
                "wss://127.0.0.1:\(server.port)/ws", trust: .authorities(file: certificates.authorityFile))
        }
        for client in clients { #expect(try await client.events.next() == .open(subprotocol: nil)) }
        for (number, client) in clients.enumerated() { client.socket.send(.text("\(number)")) }
        for (number, client) in clients.enumerated() {
            #expect(try await client.events.next() == .message(.text("\(number)")))
        }
        await server.server.stop()
        for client in clients { #expect(try await client.events.next() == .closed(.closed(.goingAway))) }
    }
}

/// Accepts one WebSocket and then says nothing, not even to a ping.
private actor SilentServer {
    private let executor = QueueExecutor(label: "silent")
    private var listener: TCPListener?
    private var stream: StreamConnection?
    private var parser = RequestParser(scheme: "http")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func start() throws -> UInt16 {
        let socket = try ListeningSocket(on: Endpoint(.loopback4, port: 0))
        listener = TCPListener(socket, on: executor) { [weak self] connection in
            self?.assumeIsolated { $0.accepted(connection) }
        }
        return try #require(socket.localEndpoint).port
    }

    private func accepted(_ connection: ConnectedSocket) {
        stream = StreamConnection(
            connection, queueLimit: 1000, on: executor,
            callbacks: StreamCallbacks(
                onReceive: { [weak self] bytes in self?.assumeIsolated { $0.received(bytes) } }, onDrained: {},
                onEnd: {}, onClosed: { _ in }))
    }

    private func received(_ bytes: Span<UInt8>) {
        parser.receive(bytes)
        guard case .request(let request)? = try? parser.next(), case .offer(let key, _, _) = WebSocketOffer(request)
        else {
            return
        }
        var answer: [UInt8] = []
        ResponseWriter.append(
            informational: WebSocketAcceptance(
                key: key, subprotocol: nil, extensions: [], compression: nil, fields: [:]
            ).response, into: &answer)
        stream?.send(answer.span)
    }
}
