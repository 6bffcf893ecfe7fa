import HTTP
import Testing
import Wire

/// Valid input with some of its bytes changed, so that it gets past the first check.
private func mutated(_ bytes: [UInt8], _ randomness: inout Randomness) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...4, using: &randomness) {
        let index = Int.random(in: bytes.indices, using: &randomness)
        switch Int.random(in: 0...3, using: &randomness) {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: randomness.next())
        case 1: bytes.insert(UInt8(truncatingIfNeeded: randomness.next()), at: index)
        case 2: bytes.replaceSubrange(index..<min(index + 8, bytes.count), with: [0xFF, 0xFF, 0xFF, 0xFF])
        default: bytes.insert(contentsOf: bytes[index...], at: index)
        }
    }
    return bytes
}

struct RobustnessTests {
    private static let rounds = 3000

    @Test("A mutated request is read or refused, and is read the same byte by byte")
    func requests() {
        let valid = Array(
            ("POST http://a/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;e\r\nabc\r\n0\r\nT: t\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
                .utf8)
        var randomness = Randomness.seeded(1)
        for _ in 0..<Self.rounds {
            let bytes = mutated(valid, &randomness)
            #expect(verdict(bytes, pieces: bytes.count) == verdict(bytes, pieces: 1))
        }
    }

    private func verdict(_ bytes: [UInt8], pieces: Int) -> [String] {
        var parser = RequestParser(scheme: "http")
        var seen: [String] = []
        for start in stride(from: 0, to: bytes.count, by: max(1, pieces)) {
            parser.receive(bytes.span.extracting(start..<min(start + pieces, bytes.count)))
            do {
                while case .request(let request)? = try parser.next() { seen.append("\(request)") }
            } catch {
                return seen + ["\(error)"]
            }
        }
        return seen
    }

    @Test(
        "Mutated frames are read or end the connection, and are read the same byte by byte", arguments: [true, false])
    func frames(_ isServer: Bool) {
        let start = Instant(nanoseconds: 0)
        let role = isServer ? WebSocket.Role.server : .client
        var sender = WebSocket(role: isServer ? .client : .server, randomness: .seeded(2), at: start)
        var valid: [UInt8] = []
        for message in [WebSocket.Message.text("你好"), .binary([UInt8](repeating: 7, count: 300)), .text("")] {
            for case .send(let frame) in sender.send(message) { valid += frame }
        }
        for case .send(let frame) in sender.close(.normal, reason: "x", at: start) { valid += frame }
        var randomness = Randomness.seeded(3)
        for _ in 0..<Self.rounds {
            let bytes = mutated(valid, &randomness)
            var whole = WebSocket(role: role, randomness: .seeded(4), at: start)
            var slow = WebSocket(role: role, randomness: .seeded(4), at: start)
            #expect(
                whole.receive(bytes.span, at: start) == bytes.flatMap { slow.receive([$0].span, at: start) })
        }
    }

    @Test("Mutated compressed frames are read or end the connection, and are read the same byte by byte")
    func compressedFrames() {
        let start = Instant(nanoseconds: 0)
        var sender = WebSocket(role: .server, deflation: WebSocket.Deflation(), randomness: .seeded(2), at: start)
        var valid: [UInt8] = []
        for message in [WebSocket.Message.text("你好你好你好"), .binary([UInt8](repeating: 7, count: 300)), .text("")] {
            for case .send(let frame) in sender.send(message) { valid += frame }
        }
        var randomness = Randomness.seeded(5)
        for _ in 0..<Self.rounds {
            let bytes = mutated(valid, &randomness)
            var whole = WebSocket(role: .client, deflation: WebSocket.Deflation(), randomness: .seeded(4), at: start)
            var slow = WebSocket(role: .client, deflation: WebSocket.Deflation(), randomness: .seeded(4), at: start)
            #expect(whole.receive(bytes.span, at: start) == bytes.flatMap { slow.receive([$0].span, at: start) })
        }
    }

    @Test("A mutated answer opens or refuses the WebSocket")
    func answers() throws {
        let url = try #require(WebSocketURL("ws://a/"))
        var randomness = Randomness.seeded(7)
        let opening = WebSocketOpening(to: url, subprotocols: ["sip"], randomness: &randomness)
        let valid = Array(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: geGOIYMif5lfI+7mJJ4eZczlFQI=\r\nSec-WebSocket-Protocol: sip\r\n\r\n").utf8)
        var accepted = 0
        for _ in 0..<Self.rounds {
            var attempt = opening
            if let answer = try? attempt.receive(mutated(valid, &randomness).span) {
                #expect(answer.subprotocol == "sip")
                accepted += 1
            }
        }
        #expect(accepted > 0 && accepted < Self.rounds)
    }
}
