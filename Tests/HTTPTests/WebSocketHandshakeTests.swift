import HTTP
import HTTPTypes
import Testing
import Wire

struct WebSocketOfferTests {
    private static func offer(
        _ method: HTTPRequest.Method = .get, without missing: HTTPField.Name? = nil, with fields: HTTPFields = [:]
    ) -> WebSocketOffer {
        var all: HTTPFields = [
            .upgrade: "websocket", .connection: "keep-alive, Upgrade",
            .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==", .secWebSocketVersion: "13",
        ]
        if let missing { all[missing] = nil }
        for field in fields { all[field.name] = field.value }
        return WebSocketOffer(
            RequestParser.Request(
                head: HTTPRequest(
                    method: method, scheme: "http", authority: "server.example.com", path: "/chat", headerFields: all),
                body: [], keepsAlive: true, minorVersion: 1))
    }

    @Test("RFC 6455 §1.3: the sample key gives the sample accept value")
    func acceptance() {
        let acceptance = WebSocketAcceptance(
            key: "dGhlIHNhbXBsZSBub25jZQ==", subprotocol: "chat", extensions: [], compression: nil,
            fields: [.server: "x"])
        #expect(acceptance.deflation == nil)
        #expect(
            acceptance.response
                == HTTPResponse(
                    status: .switchingProtocols,
                    headerFields: [
                        .server: "x", .upgrade: "websocket", .connection: "Upgrade",
                        .secWebSocketAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", .secWebSocketProtocol: "chat",
                    ]))
    }

    @Test("A valid handshake offers its subprotocols in order (RFC 6455 §4.2.1)")
    func valid() {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        #expect(Self.offer() == .offer(key: key, subprotocols: [], extensions: []))
        #expect(
            Self.offer(with: [.secWebSocketProtocol: "chat, superchat"])
                == .offer(key: key, subprotocols: ["chat", "superchat"], extensions: []))
    }

    @Test("A request that does not ask is an ordinary one; one that asks wrongly is malformed (RFC 6455 §4.2.1)")
    func invalid() {
        #expect(Self.offer(without: .upgrade) == .none)
        #expect(Self.offer(without: .connection) == .none)
        #expect(Self.offer(.post) == .malformed)
        #expect(Self.offer(without: .secWebSocketKey) == .malformed)
        #expect(Self.offer(with: [.secWebSocketKey: "dGhlIHNhbXBsZQ=="]) == .malformed)
        #expect(Self.offer(with: [.secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ-="]) == .malformed)
        #expect(Self.offer(without: .secWebSocketVersion) == .versionNotSupported)
        #expect(Self.offer(with: [.secWebSocketVersion: "8"]) == .versionNotSupported)
        #expect(WebSocketOffer.versionFields == [.secWebSocketVersion: "13"])
    }
}

struct WebSocketOpeningTests {
    /// The key that the seed of ``opening(_:)`` gives, and the accept value for it.
    private static let key = "5NeAcGaGoVF6dpu33yQtaw=="
    private static let accept = "geGOIYMif5lfI+7mJJ4eZczlFQI="

    private static func opening(_ subprotocols: [String] = ["sip"]) throws -> WebSocketOpening {
        var randomness = Randomness.seeded(7)
        let url = try #require(WebSocketURL("wss://pbx.example.com:7443/ws?x=1"))
        return WebSocketOpening(
            to: url, subprotocols: subprotocols, fields: [.origin: "https://a"], randomness: &randomness)
    }

    private static func answer(_ lines: [String]) -> [UInt8] {
        Array((["HTTP/1.1 101 Switching Protocols"] + lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private static let good = [
        "Upgrade: WebSocket", "Connection: upgrade", "Sec-WebSocket-Accept: \(accept)", "Sec-WebSocket-Protocol: sip",
    ]

    @Test("The request has every field of RFC 6455 §4.1 and a key from the given randomness")
    func request() throws {
        #expect(
            String(decoding: try Self.opening().request, as: UTF8.self)
                == """
                GET /ws?x=1 HTTP/1.1\r
                Host: pbx.example.com:7443\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: \(Self.key)\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: sip\r
                Origin: https://a\r
                \r

                """)
    }

    @Test("A correct answer opens the connection and hands on what follows it, however it is cut (RFC 6455 §4.1)")
    func accepted() throws {
        let bytes = Self.answer(Self.good) + [0x81, 0x00]
        var opening = try Self.opening()
        #expect(
            try opening.receive(bytes.span) == WebSocketOpening.Acceptance(subprotocol: "sip", rest: [0x81, 0x00]))
        var slow = try Self.opening()
        for byte in bytes.dropLast(3) { #expect(try slow.receive([byte].span) == nil) }
        #expect(try slow.receive([0x0A].span) == WebSocketOpening.Acceptance(subprotocol: "sip", rest: []))
    }

    @Test("Any other answer fails with its reason (RFC 6455 §4.1)")
    func refused() throws {
        func failure(_ bytes: [UInt8], subprotocols: [String] = ["sip"]) throws -> WebSocketOpening.Failure? {
            var opening = try Self.opening(subprotocols)
            do {
                return try opening.receive(bytes.span) == nil ? .malformed : nil
            } catch {
                return error
            }
        }
        func without(_ index: Int, adding line: String? = nil) -> [UInt8] {
            var lines = Self.good
            lines.remove(at: index)
            return Self.answer(lines + (line.map { [$0] } ?? []))
        }
        #expect(try failure(Array("HTTP/1.1 403 Forbidden\r\n".utf8)) == .rejected(status: 403))
        #expect(try failure(Array("HTTP/1.1 200\r\n".utf8)) == .rejected(status: 200))
        #expect(try failure(Array("SIP/2.0 200 OK\r\n".utf8)) == .malformed)
        #expect(try failure(Array("HTTP/1.1 1011 x\r\n".utf8)) == .malformed)
        #expect(try failure(without(0)) == .upgradeMissing)
        #expect(try failure(without(1)) == .upgradeMissing)
        #expect(try failure(without(2)) == .acceptWrong)
        #expect(try failure(without(2, adding: "Sec-WebSocket-Accept: AAAA")) == .acceptWrong)
        #expect(try failure(without(3)) == .subprotocolMissing)
        #expect(try failure(without(3, adding: "Sec-WebSocket-Protocol: chat")) == .subprotocolNotOffered)
        #expect(try failure(Self.answer(Self.good), subprotocols: []) == .subprotocolNotOffered)
        #expect(
            try failure(Self.answer(Self.good + ["Sec-WebSocket-Extensions: permessage-deflate"]))
                == .extensionNotOffered)
        #expect(try failure(Self.answer([" folded"])) == .malformed)
        #expect(
            try failure(Array("HTTP/1.1 101 x\r\nA: \(String(repeating: "a", count: 20_000))".utf8)) == .headerTooLarge)
    }
}

struct WebSocketURLTests {
    @Test("RFC 6455 §3: scheme, host, default ports, path and query")
    func parts() throws {
        let url = try #require(WebSocketURL("WSS://[2001:db8::1]?q"))
        #expect(url.isSecure)
        #expect(url.host == "2001:db8::1")
        #expect(url.port == 443)
        #expect(url.target == "/?q")
        #expect(url.authority == "[2001:db8::1]")
        let plain = try #require(WebSocketURL("ws://a:8080/x/y?z"))
        #expect(!plain.isSecure)
        #expect(plain.target == "/x/y?z")
        #expect(plain.authority == "a:8080")
    }

    @Test(
        "Anything else is no WebSocket URL (RFC 6455 §3)",
        arguments: [
            "", "http://a", "ws:/a", "ws://", "ws://:80/", "ws://a:0", "ws://a:65536", "ws://a:x", "ws://u@a",
            "ws://a/#f",
            "ws://a b", "ws://[::1", "ws://[::x]/", "ws://[::1]x",
        ])
    func invalid(_ text: String) {
        #expect(WebSocketURL(text) == nil)
    }
}
