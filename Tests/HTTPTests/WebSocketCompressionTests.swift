import HTTP
import HTTPTypes
import Testing
import Wire

private let start = Instant(nanoseconds: 0)

/// A server that accepts an offer, and its answer.
private func negotiate(
    to offers: String?, _ compression: WebSocket.Compression? = WebSocket.Compression()
) -> (answer: String?, deflation: WebSocket.Deflation?)? {
    var fields: HTTPFields = [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
        .secWebSocketVersion: "13",
    ]
    fields[.secWebSocketExtensions] = offers
    let request = RequestParser.Request(
        head: HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/", headerFields: fields),
        body: [], keepsAlive: true, minorVersion: 1)
    guard case .offer(let key, let subprotocols, let extensions) = WebSocketOffer(request) else { return nil }
    #expect(subprotocols == [])
    let acceptance = WebSocketAcceptance(
        key: key, subprotocol: nil, extensions: extensions, compression: compression, fields: [:])
    return (acceptance.response.headerFields[.secWebSocketExtensions], acceptance.deflation)
}

private var keeping: WebSocket.Compression {
    var compression = WebSocket.Compression()
    compression.keepsContext = true
    compression.windowBits = 15
    return compression
}

struct WebSocketNegotiationTests {
    @Test(
        "Each parameter is answered as RFC 7692 §7.1 says, by a server that keeps contexts",
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover"
            ),
            (
                "permessage-deflate; client_no_context_takeover",
                "permessage-deflate; client_no_context_takeover"
            ),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=15", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
            ("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"),
            ("permessage-deflate ;server_max_window_bits = 15", "permessage-deflate; server_max_window_bits=15"),
            ("x-webkit-deflate-frame, ,permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=9; x, "
                    + "permessage-deflate; server_max_window_bits=11, permessage-deflate",
                "permessage-deflate; server_max_window_bits=11"
            ),
        ])
    func answers(_ offer: String, _ expected: String) throws {
        #expect(try #require(negotiate(to: offer, keeping)).answer == expected)
    }

    @Test(
        "An offer that cannot be accepted is declined, not an error (RFC 7692 §7)",
        arguments: [
            "", "x-other", "permessage-deflate; unknown", "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=08", "permessage-deflate; client_max_window_bits=x",
            "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_no_context_takeover=true",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "Permessage-Deflate",
        ])
    func declined(_ offer: String) throws {
        let answer = try #require(negotiate(to: offer))
        #expect(answer.answer == nil && answer.deflation == nil)
    }

    @Test("A field that breaks the grammar is a malformed handshake (RFC 6455 §9.1)")
    func malformed() {
        for field in [
            "permessage-deflate;", "a b", "=", "a; b=", "a; b=\"", "a; b=\"\"", "a; b=\"x y\"", "a;;b", "\"a\"",
        ] {
            #expect(negotiate(to: field) == nil, "\(field)")
        }
    }

    @Test("As shipped, a server lets no context outlive its message; switched off, it declines")
    func shipped() throws {
        let shipped = try #require(negotiate(to: "permessage-deflate; client_max_window_bits"))
        #expect(
            shipped.answer == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        #expect(
            shipped.deflation
                == WebSocket.Deflation(
                    client: .init(keepsContext: false, windowBits: 15),
                    server: .init(keepsContext: false, windowBits: 12), threshold: 1024))
        let off = try #require(negotiate(to: "permessage-deflate", nil))
        #expect(off.answer == nil && off.deflation == nil)
    }
}

struct WebSocketOfferingTests {
    /// The outcome of an opening that offers compression, for one value of the answer's field.
    private static func opening(
        _ extensions: String?, _ compression: WebSocket.Compression?
    ) throws -> Result<WebSocket.Deflation?, WebSocketOpening.Failure> {
        var randomness = Randomness.seeded(7)
        let url = try #require(WebSocketURL("ws://a/"))
        var opening = WebSocketOpening(
            to: url, subprotocols: [], compression: compression, randomness: &randomness)
        let answer =
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: geGOIYMif5lfI+7mJJ4eZczlFQI=\r\n"
            + (extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? "") + "\r\n"
        let bytes = Array(answer.utf8)
        do {
            return .success(try #require(try opening.receive(bytes.span)).deflation)
        } catch let failure as WebSocketOpening.Failure {
            return .failure(failure)
        }
    }

    @Test("The offer says what the client wants (RFC 7692 §7.1)")
    func offers() throws {
        func offer(_ compression: WebSocket.Compression?) throws -> String? {
            var randomness = Randomness.seeded(7)
            let opening = WebSocketOpening(
                to: try #require(WebSocketURL("ws://a/")), subprotocols: [], compression: compression,
                randomness: &randomness)
            return String(decoding: opening.request, as: UTF8.self).split(separator: "\r\n")
                .first { $0.hasPrefix("Sec-WebSocket-Extensions: ") }.map { String($0.dropFirst(26)) }
        }
        #expect(try offer(nil) == nil)
        #expect(try offer(keeping) == "permessage-deflate; client_max_window_bits")
        var small = WebSocket.Compression()
        small.peerWindowBits = 11
        #expect(
            try offer(small) == "permessage-deflate; client_max_window_bits; server_no_context_takeover; "
                + "client_no_context_takeover; server_max_window_bits=11")
    }

    @Test("A valid answer is what was agreed on (RFC 7692 §7.1)")
    func accepted() throws {
        #expect(try Self.opening(nil, keeping) == .success(nil))
        #expect(
            try Self.opening("permessage-deflate", keeping)
                == .success(WebSocket.Deflation(threshold: 1024)))
        #expect(
            try Self.opening(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                    + "server_max_window_bits=9; client_max_window_bits=8", keeping)
                == .success(
                    WebSocket.Deflation(
                        client: .init(keepsContext: false, windowBits: 8),
                        server: .init(keepsContext: false, windowBits: 9), threshold: 1024)))
    }

    @Test("Any other answer fails the connection (RFC 7692 §5 and §7.1)")
    func refused() throws {
        func failure(_ extensions: String, _ compression: WebSocket.Compression?) throws -> WebSocketOpening.Failure? {
            if case .failure(let failure) = try Self.opening(extensions, compression) { failure } else { nil }
        }
        #expect(try failure("permessage-deflate", nil) == .extensionNotOffered)
        #expect(try failure("x-other", keeping) == .extensionNotOffered)
        #expect(try failure("permessage-deflate, permessage-deflate", keeping) == .extensionNotOffered)
        #expect(try failure("permessage-deflate; x", keeping) == .compressionInvalid)
        #expect(try failure("permessage-deflate; client_max_window_bits", keeping) == .compressionInvalid)
        #expect(try failure("permessage-deflate; server_max_window_bits=16", keeping) == .compressionInvalid)
        #expect(try failure("permessage-deflate", WebSocket.Compression()) == .compressionInvalid)
        #expect(try failure("permessage-deflate;;", keeping) == .malformed)
        var small = keeping
        small.peerWindowBits = 11
        #expect(try failure("permessage-deflate", small) == .compressionInvalid)
        #expect(try failure("permessage-deflate; server_max_window_bits=12", small) == .compressionInvalid)
    }
}

struct WebSocketDeflateTests {
    private static func socket(
        _ role: WebSocket.Role, _ deflation: WebSocket.Deflation = WebSocket.Deflation(), limit: Int = 1 << 20
    ) -> WebSocket {
        var configuration = WebSocket.Configuration()
        configuration.messageLimit = limit
        return WebSocket(
            role: role, configuration: configuration, deflation: deflation, randomness: .seeded(1), at: start)
    }

    @Test("RFC 7692 §7.2.3.1: a compressed message in one frame, and in two with RSV1 on the first alone")
    func frames() {
        var client = Self.socket(.client)
        let whole: [UInt8] = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let split: [UInt8] = [0x41, 0x03, 0xF2, 0x48, 0xCD, 0x80, 0x04, 0xC9, 0xC9, 0x07, 0x00]
        #expect(client.receive(whole.span, at: start) == [.message(.text("Hello"))])
        #expect(client.receive(split.span, at: start) == [.message(.text("Hello"))])
        var server = Self.socket(.server)
        #expect(server.send(.text("Hello")) == [.send(whole)])
    }

    @Test("RFC 7692 §7.2.3.2: with its context kept, the second of two equal messages is shorter")
    func context() {
        var server = Self.socket(.server)
        let first: [UInt8] = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let second: [UInt8] = [0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00]
        #expect(server.send(.text("Hello")) == [.send(first)])
        #expect(server.send(.text("Hello")) == [.send(second)])
        var forgetful = Self.socket(.server, WebSocket.Deflation(server: .init(keepsContext: false)))
        #expect(forgetful.send(.text("Hello")) == [.send(first)])
        #expect(forgetful.send(.text("Hello")) == [.send(first)])
        var client = Self.socket(.client)
        #expect(
            client.receive((first + second).span, at: start) == [.message(.text("Hello")), .message(.text("Hello"))])
        var strict = Self.socket(.client, WebSocket.Deflation(server: .init(keepsContext: false)))
        #expect(strict.receive((first + second).span, at: start).last == .closed(.invalidPayload))
    }

    @Test("Messages below the threshold, and control frames, go as they are (RFC 7692 §6)")
    func uncompressed() {
        var server = Self.socket(.server, WebSocket.Deflation(threshold: 6))
        #expect(server.send(.text("Hello")) == [.send([0x81, 0x05] + Array("Hello".utf8))])
        guard case .send(let frame)? = server.send(.text("Hello!")).first else {
            Issue.record("nothing sent")
            return
        }
        #expect(frame.first == 0xC1)
        #expect(server.deadlineReached(at: start + .seconds(20)) == [.send([0x89, 0])])
        var client = Self.socket(.client)
        #expect(
            client.receive(([0x81, 0x05] + Array("Hello".utf8)).span, at: start) == [.message(.text("Hello"))])
    }

    @Test(
        "RSV1 on anything but the first frame of a message, and any other reserved bit, is 1002 (RFC 7692 §6)",
        arguments: [
            [0xC9, 0x00], [0xC8, 0x00], [0x01, 0x00, 0xC0, 0x00], [0x41, 0x00, 0xC0, 0x00], [0xA1, 0x00], [0xD1, 0x00],
        ] as [[UInt8]])
    func reservedBits(_ bytes: [UInt8]) {
        var client = Self.socket(.client)
        #expect(client.receive(bytes.span, at: start).last == .closed(.protocolError))
    }

    @Test("What is no DEFLATE is 1007, ill-formed text is 1007 before the message is whole")
    func invalid() {
        var broken = Self.socket(.client)
        #expect(broken.receive([0xC1, 0x02, 0xFF, 0xFF].span, at: start).last == .closed(.invalidPayload))
        var truncated = Self.socket(.client)
        #expect(truncated.receive([0xC1, 0x02, 0xF2, 0x48].span, at: start).last == .closed(.invalidPayload))
        var text = Self.socket(.client)
        let stored: [UInt8] = [0x41, 0x06, 0x00, 0x05, 0x00, 0xFA, 0xFF, 0xFF]
        #expect(text.receive(stored.span, at: start).last == .closed(.invalidPayload))
    }

    @Test("A message that inflates to more than the limit is 1009, however small it came (RFC 6455 §7.4.1)")
    func bomb() {
        var sender = Self.socket(.server)
        guard case .send(let bomb)? = sender.send(.binary([UInt8](repeating: 0, count: 1 << 22))).first else {
            Issue.record("nothing sent")
            return
        }
        #expect(bomb.count < 5000)
        var client = Self.socket(.client)
        #expect(client.receive(bomb.span, at: start).last == .closed(.messageTooBig))
        var generous = Self.socket(.client, limit: 1 << 22)
        #expect(
            generous.receive(bomb.span, at: start) == [.message(.binary([UInt8](repeating: 0, count: 1 << 22)))])
    }

    @Test("So is one that inflates to nothing and never ends")
    func endless() {
        var announced = Self.socket(.client, limit: 1 << 20)
        let tebibyte: [UInt8] = [0xC2, 0x7F, 0, 0, 1, 0, 0, 0, 0, 0]
        #expect(announced.receive(tebibyte.span, at: start).last == .closed(.messageTooBig))
        var pieced = Self.socket(.client, limit: 1 << 10)
        var frames: [UInt8] = [0x42, 125]
        let emptyBlocks = Array([[UInt8]](repeating: [0, 0, 0, 0xFF, 0xFF], count: 25).joined())
        frames += emptyBlocks
        for _ in 0..<20 { frames += [0x00, 125] + emptyBlocks }
        #expect(pieced.receive(frames.span, at: start).last == .closed(.messageTooBig))
    }

    @Test(
        "What either role compresses the other reads, with contexts and without, however it is cut",
        arguments: [true, false], [8, 9, 15])
    func roundTrip(_ keepsContext: Bool, _ windowBits: Int) {
        let direction = WebSocket.Deflation.Direction(keepsContext: keepsContext, windowBits: windowBits)
        let deflation = WebSocket.Deflation(client: direction, server: direction, threshold: 10)
        var randomness = Randomness.seeded(3)
        let words = (0..<500).map { _ in randomness.token(length: 7) }
        let messages = [0, 9, 10, 1000, 60_000].map { count in
            var text = ""
            while text.utf8.count < count { text += words[Int.random(in: words.indices, using: &randomness)] }
            return WebSocket.Message.text(text)
        }
        for role in [WebSocket.Role.client, .server] {
            var sender = Self.socket(role, deflation)
            var receiver = Self.socket(role == .client ? .server : .client, deflation)
            var received: [WebSocket.Output] = []
            for case .send(let frame) in messages.flatMap({ sender.send($0) }) {
                for piece in stride(from: 0, to: frame.count, by: 777) {
                    received += receiver.receive(
                        frame.span.extracting(piece..<min(piece + 777, frame.count)), at: start)
                }
            }
            #expect(received == messages.map { .message($0) })
        }
    }
}
