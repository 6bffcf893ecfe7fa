import HTTP
import Wire

extension Target {
    static let http = [
        Target(
            name: "http-request", words: Words.http,
            seeds: {
                [
                    "GET /v1/state?a=b HTTP/1.1\r\nHost: a\r\n\r\nPOST http://a/b HTTP/1.1\r\nHost: a\r\n"
                        + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
                    "GET /v1/events HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                    "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                ].map { Array($0.utf8) }
            }, check: checkRequest),
        Target(
            name: "http-chunked", words: Words.chunked,
            seeds: { [Array("3;e=\"x\"\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: t\r\n\r\nGET / HTTP/1.1".utf8)] },
            check: { bytes in
                let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                checkRequest(Array(head.utf8) + bytes)
            }),
        Target(
            name: "http-response", words: Words.http,
            seeds: {
                [
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                    "HTTP/1.1 404 \r\n\r\nuntil the end", "HTTP/1.1 204 No Content\r\n\r\n",
                ].map { Array($0.utf8) }
            }, check: checkResponse),
        Target(
            name: "websocket-opening", words: Words.http,
            seeds: {
                [
                    Array(
                        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: geGOIYMif5lfI+7mJJ4eZczlFQI=\r\n"
                            + "Sec-WebSocket-Protocol: sip\r\n\r\n\u{1}\u{2}").utf8),
                    Array("wss://example.com:8443/a?b".utf8),
                ]
            }, check: checkOpening),
        Target(
            name: "http-target", words: Words.http,
            seeds: { [Array("/v1/events?after=epoch:3&x=%E4%BD%A0+".utf8), Array("/v1/tokens/a%20b".utf8)] },
            check: checkTarget),
        Target(name: "websocket-server", seeds: { frames(from: .client) }, check: { checkFrames($0, role: .server) }),
        Target(name: "websocket-client", seeds: { frames(from: .server) }, check: { checkFrames($0, role: .client) }),
        Target(
            name: "websocket-deflate", seeds: { frames(from: .client, deflation: WebSocket.Deflation()) },
            check: { checkFrames($0, role: .server, deflation: WebSocket.Deflation()) }),
    ]

    /// Whole, byte by byte, and cut in two at a place the input names: all the same.
    private static func checkRequest(_ bytes: [UInt8]) {
        let whole = requests(in: [bytes])
        expect(whole == requests(in: bytes.map { [$0] }), "a request is read the same byte by byte")
        let cut = bytes.count / 2
        expect(whole == requests(in: [Array(bytes[..<cut]), Array(bytes[cut...])]), "and in two pieces")
    }

    private static func requests(in pieces: [[UInt8]]) -> [String] {
        var parser = RequestParser(scheme: "http")
        var seen: [String] = []
        for piece in pieces {
            parser.receive(piece.span)
            do {
                while let event = try parser.next() {
                    guard case .request(let request) = event else { continue }
                    seen.append("\(request)")
                    _ = WebSocketOffer(request)
                }
            } catch {
                return seen + ["\(error)"]
            }
        }
        return seen
    }

    private static func checkResponse(_ bytes: [UInt8]) {
        expect(
            response(in: [bytes]) == response(in: bytes.map { [$0] }), "a response is read the same byte by byte")
    }

    /// A response ends the reading: whatever follows it does not count.
    private static func response(in pieces: [[UInt8]]) -> String {
        var parser = ResponseParser(bodyLimit: 1_000)
        do {
            for piece in pieces {
                if let response = try parser.receive(piece.span) { return "\(response)" }
            }
            return "\(try parser.connectionEnded())"
        } catch {
            return "\(error)"
        }
    }

    private static func checkOpening(_ bytes: [UInt8]) {
        _ = WebSocketURL(String(decoding: bytes, as: UTF8.self))
        guard let url = WebSocketURL("ws://a/") else { return }
        var randomness = Randomness.seeded(7)
        let opening = WebSocketOpening(to: url, subprotocols: ["sip"], randomness: &randomness)
        var whole = opening
        let verdict = Result { try whole.receive(bytes.span) }
        var proxy = ProxyConnect(to: url.hostAndPort)
        _ = try? proxy.receive(bytes.span)
        guard case .success(let acceptance?) = verdict else { return }
        var slow = opening
        for (index, byte) in bytes.enumerated() {
            guard let accepted = try? slow.receive([byte].span) else { continue }
            expect(accepted.subprotocol == acceptance.subprotocol, "an opening is read the same byte by byte")
            expect(Array(bytes[(index + 1)...]) == acceptance.rest, "what follows an opening is kept")
            return
        }
        fatalError("an opening is accepted byte by byte too")
    }

    private static func checkTarget(_ bytes: [UInt8]) {
        guard let target = RequestTarget(String(decoding: bytes, as: UTF8.self)) else { return }
        expect(!target.segments.contains { $0 == ".." || $0.utf8.contains(0x2F) }, "no target climbs")
        _ = target["after"]
    }

    private static func checkFrames(_ bytes: [UInt8], role: WebSocket.Role, deflation: WebSocket.Deflation? = nil) {
        let whole = outputs(in: [bytes], role: role, deflation: deflation)
        expect(
            whole == outputs(in: bytes.map { [$0] }, role: role, deflation: deflation),
            "frames are read the same byte by byte")
        for case .message(let message) in whole {
            expect(message.bytes.count <= messageLimit, "a message is no longer than it may be, however it was packed")
            guard message.kind == .text else { continue }
            expect(String(validating: message.bytes, as: UTF8.self) != nil, "a text is UTF-8")
        }
    }

    private static let messageLimit = 1 << 16

    private static func outputs(
        in pieces: [[UInt8]], role: WebSocket.Role, deflation: WebSocket.Deflation?
    ) -> [WebSocket.Output] {
        let start = Instant(nanoseconds: 0)
        var configuration = WebSocket.Configuration()
        configuration.messageLimit = messageLimit
        var socket = WebSocket(
            role: role, configuration: configuration, deflation: deflation, randomness: .seeded(4), at: start)
        var outputs: [WebSocket.Output] = []
        for piece in pieces {
            var position = 0
            var before = -1
            while position > before {
                before = position
                outputs += socket.receive(piece.span, from: &position, at: start)
            }
        }
        return outputs
    }

    private static func frames(from role: WebSocket.Role, deflation: WebSocket.Deflation? = nil) -> [[UInt8]] {
        let start = Instant(nanoseconds: 0)
        var sender = WebSocket(role: role, deflation: deflation, randomness: .seeded(2), at: start)
        var bytes: [UInt8] = []
        for message in [WebSocket.Message.text("你好"), .binary([UInt8](repeating: 7, count: 300)), .text("")] {
            for case .send(let frame) in sender.send(message) { bytes += frame }
        }
        let ping = sender.deadlineReached(at: start + .seconds(20))
        for case .send(let frame) in ping + sender.close(.normal, reason: "x", at: start) { bytes += frame }
        let fragments: [UInt8] = [0x01, 0x80, 0, 0, 0, 0, 0x80, 0x81, 0, 0, 0, 0, 0x78]
        return [bytes, fragments]
    }
}

private enum Words {
    static let http = [
        "GET ", "POST ", "HEAD ", "OPTIONS ", "CONNECT ", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: a\r\n",
        "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Expect: 100-continue\r\n", "Upgrade: websocket\r\n", "Sec-WebSocket-Key: ", "Sec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Accept: ", "Sec-WebSocket-Protocol: sip\r\n", "\r\n\r\n", "\r\n", "0\r\n\r\n", "%00",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 ", "HTTP/1.1 304 ",
    ]
    static let chunked = ["0\r\n", "\r\n", "0\r\n\r\n", ";a=b", "ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "T: t"]
}
