import HTTP
import Testing
import Wire

private let start = Instant(nanoseconds: 0)

private func server(_ configuration: WebSocket.Configuration = WebSocket.Configuration()) -> WebSocket {
    WebSocket(role: .server, configuration: configuration, randomness: .seeded(1), at: start)
}

private func client() -> WebSocket {
    WebSocket(role: .client, randomness: .seeded(1), at: start)
}

/// A frame with the masking key 0, which changes nothing.
private func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [first, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
}

struct WebSocketTests {
    @Test("RFC 6455 §5.7: a single-frame unmasked text message")
    func unmaskedText() {
        var socket = client()
        let frame: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(socket.receive(frame.span, at: start) == [.message(.text("Hello"))])
        var sender = server()
        #expect(sender.send(.text("Hello")) == [.send(frame)])
    }

    @Test("RFC 6455 §5.7: a single-frame masked text message")
    func maskedText() {
        var socket = server()
        let frame: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(socket.receive(frame.span, at: start) == [.message(.text("Hello"))])
    }

    @Test(
        "RFC 6455 §8.1: what is not UTF-8 goes as binary",
        arguments: [([0x41], true), ([0xC3, 0xA9], true), ([0xC3], false), ([0xE9, 0x41], false), ([], true)])
    func textOrBinary(_ bytes: [UInt8], _ isText: Bool) {
        #expect(WebSocket.Message(textOrBinary: bytes) == WebSocket.Message(isText ? .text : .binary, bytes))
    }

    @Test("RFC 6455 §5.7: a fragmented unmasked text message")
    func fragments() {
        var socket = client()
        let frames: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]
        #expect(socket.receive(frames.span, at: start) == [.message(.text("Hello"))])
    }

    @Test("RFC 6455 §5.7: an unmasked ping and its masked pong")
    func pingPong() {
        var socket = client()
        let ping: [UInt8] = [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        let outputs = socket.receive(ping.span, at: start)
        guard case .send(let pong)? = outputs.first else {
            Issue.record("no pong")
            return
        }
        #expect(outputs.count == 1)
        #expect(Array(pong.prefix(2)) == [0x8A, 0x85])
        let key = Array(pong[2..<6])
        #expect(zip(pong[6...], 0...).map { $0 ^ key[$1 % 4] } == Array("Hello".utf8))
        var peer = server()
        #expect(
            peer.receive([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58].span, at: start) == [])
    }

    @Test(
        "RFC 6455 §5.7: 256 bytes take a 16-bit length, 65,536 a 64-bit one", arguments: [125, 126, 256, 65535, 65536])
    func lengths(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let lengthField: [UInt8] =
            switch count {
            case ...125: [UInt8(count)]
            case ...65535: [0x7E, UInt8(count >> 8), UInt8(count & 0xFF)]
            default: [0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
            }
        var socket = server()
        #expect(socket.send(.binary(bytes)) == [.send([0x82] + lengthField + bytes)])
    }

    @Test(
        "What a client sends, a server reads, however the bytes are cut (RFC 6455 §5.3)",
        arguments: [1, 2, 3, 7, 13, 4096])
    func maskingRoundTrip(_ pieceCount: Int) {
        var sender = client()
        var receiver = server()
        let messages = [0, 1, 5, 125, 126, 70_000].map { count in
            WebSocket.Message.binary((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        }
        var received: [WebSocket.Output] = []
        for message in messages {
            for case .send(let frame) in sender.send(message) {
                for piece in stride(from: 0, to: frame.count, by: pieceCount) {
                    received += receiver.receive(
                        frame.span.extracting(piece..<min(piece + pieceCount, frame.count)), at: start)
                }
            }
        }
        #expect(received == messages.map { .message($0) })
    }

    @Test(
        "Receiving stops behind a message, so that its answer goes out before the close that the next frame brings about"
    )
    func answerBeforeClose() {
        var socket = server()
        let frames = masked(0x81, [0x41]) + masked(0x8B, [])
        var position = 0
        #expect(socket.receive(frames.span, from: &position, at: start) == [.message(.text("A"))])
        #expect(position == 7)
        #expect(socket.send(.text("A")) == [.send([0x81, 1, 0x41])])
        #expect(
            socket.receive(frames.span, from: &position, at: start)
                == [.send([0x88, 2, 0x03, 0xEA]), .closed(.protocolError)])
        #expect(position == frames.count)
    }

    @Test("Control frames may come between fragments (RFC 6455 §5.4)")
    func interleavedControl() {
        var socket = server()
        let frames = masked(0x02, [1, 2]) + masked(0x89, [9]) + masked(0x00, [3]) + masked(0x80, [])
        #expect(socket.receive(frames.span, at: start) == [.send([0x8A, 1, 9]), .message(.binary([1, 2, 3]))])
    }

    @Test("A character may be split over fragments, not left open at the end (RFC 6455 §8.1)")
    func splitCharacter() {
        var socket = server()
        let frames = masked(0x01, [0xE4, 0xBD]) + masked(0x80, [0xA0])
        #expect(socket.receive(frames.span, at: start) == [.message(.text("你"))])
        #expect(
            socket.receive(masked(0x81, [0xE4, 0xBD]).span, at: start)
                == [.send([0x88, 2, 0x03, 0xEF]), .closed(.invalidPayload)])
    }

    @Test(
        "Ill-formed UTF-8 is 1007 at once, before the message is whole (RFC 6455 §8.1)",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xE0, 0x80], [0xED, 0xA0], [0xF0, 0x80], [0xF4, 0x90], [0xF5], [0x41, 0x80],
        ])
    func illFormedText(_ bytes: [UInt8]) {
        var socket = server()
        let frame = [0x01, 0xFE, 0x01, 0x00, 0, 0, 0, 0] + bytes
        #expect(
            socket.receive(frame.span, at: start) == [.send([0x88, 2, 0x03, 0xEF]), .closed(.invalidPayload)])
    }

    @Test(
        "Frames that break RFC 6455 §5 are 1002",
        arguments: [
            ("reserved bit", [0xC1, 0x80, 0, 0, 0, 0]),
            ("reserved data opcode", [0x83, 0x80, 0, 0, 0, 0]),
            ("reserved control opcode", [0x8B, 0x80, 0, 0, 0, 0]),
            ("not masked", [0x81, 0x01, 0x41]),
            ("fragmented ping", [0x09, 0x80, 0, 0, 0, 0]),
            ("ping over 125 bytes", [0x89, 0xFE, 0, 126, 0, 0, 0, 0]),
            ("16-bit length below 126", [0x82, 0xFE, 0, 125, 0, 0, 0, 0]),
            ("64-bit length below 65,536", [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]),
            ("length with its top bit", [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("continuation of nothing", [0x80, 0x80, 0, 0, 0, 0]),
            ("new message inside another", [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0]),
            ("close with one byte", [0x88, 0x81, 0, 0, 0, 0, 3]),
            ("close 999", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE7]),
            ("close 1004", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xEC]),
            ("close 1005", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED]),
            ("close 1006", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xEE]),
            ("close 1015", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xF7]),
            ("close 2999", [0x88, 0x82, 0, 0, 0, 0, 0x0B, 0xB7]),
            ("close 5000", [0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88]),
        ] as [(String, [UInt8])])
    func brokenFrame(_ name: String, _ bytes: [UInt8]) {
        var socket = server()
        #expect(socket.receive(bytes.span, at: start) == [.send([0x88, 2, 0x03, 0xEA]), .closed(.protocolError)])
    }

    @Test("A masked frame from a server is 1002 (RFC 6455 §5.1)")
    func maskedFromServer() {
        var socket = client()
        #expect(socket.receive(masked(0x81, []).span, at: start).last == .closed(.protocolError))
    }

    @Test("A message over the limit is 1009 as soon as a header says so, over all fragments (RFC 6455 §7.4.1)")
    func tooBig() {
        var configuration = WebSocket.Configuration()
        configuration.messageLimit = 4
        var socket = server(configuration)
        #expect(socket.receive(masked(0x82, [1, 2, 3, 4]).span, at: start) == [.message(.binary([1, 2, 3, 4]))])
        let tooBig: [WebSocket.Output] = [.send([0x88, 2, 0x03, 0xF1]), .closed(.messageTooBig)]
        let frames = masked(0x02, [1, 2]) + [0x80, 0x83, 0, 0, 0, 0]
        #expect(socket.receive(frames.span, at: start) == tooBig)
        var other = server(configuration)
        let huge: [UInt8] = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        #expect(other.receive(huge.span, at: start) == tooBig)
    }
}

struct WebSocketCloseTests {
    @Test("The peer's close is echoed and ends the connection (RFC 6455 §5.5.1)")
    func peerCloses() {
        var socket = server()
        let frames = masked(0x88, [0x03, 0xE9, 0x62, 0x79, 0x65]) + masked(0x81, [0x41])
        #expect(socket.receive(frames.span, at: start) == [.send([0x88, 2, 0x03, 0xE9]), .closed(.goingAway)])
        #expect(socket.send(.text("late")) == [])
        #expect(socket.deadline == nil)
        #expect(socket.connectionEnded() == nil)
    }

    @Test("A close without a code is echoed without one and counts as 1005 (RFC 6455 §7.1.5)")
    func closeWithoutCode() {
        var socket = server()
        #expect(socket.receive(masked(0x88, []).span, at: start) == [.send([0x88, 0]), .closed(.noStatus)])
    }

    @Test("Our close waits for the peer's; what comes in between is dropped (RFC 6455 §7.1.2)")
    func weClose() {
        var socket = server()
        #expect(
            socket.close(.normal, reason: "bye", at: start)
                == [.send([0x88, 5, 0x03, 0xE8, 0x62, 0x79, 0x65])])
        #expect(socket.close(.normal, at: start) == [])
        #expect(socket.receive(masked(0x81, [0x41]).span, at: start) == [])
        #expect(socket.receive(masked(0x88, [0x03, 0xE8]).span, at: start) == [.closed(.normal)])
    }

    @Test("A ping is answered until the peer's close frame has come (RFC 6455 §5.5.2)")
    func pingWhileClosing() {
        var socket = server()
        _ = socket.close(.normal, at: start)
        #expect(socket.receive(masked(0x89, [7]).span, at: start) == [.send([0x8A, 1, 7])])
        #expect(socket.receive((masked(0x88, []) + masked(0x89, [7])).span, at: start) == [.closed(.noStatus)])
    }

    @Test("A peer that does not answer our close in time is cut off (RFC 6455 §7.1.1)")
    func closeTimesOut() {
        var socket = server()
        _ = socket.close(.policyViolation, at: start)
        #expect(socket.deadline == start + .seconds(5))
        #expect(socket.deadlineReached(at: start + .seconds(4)) == [])
        #expect(socket.deadlineReached(at: start + .seconds(5)) == [.closed(.policyViolation)])
        #expect(socket.deadline == nil)
    }

    @Test("A transport that ends without a close frame is 1006 (RFC 6455 §7.1.5)")
    func abnormal() {
        var socket = client()
        #expect(socket.connectionEnded() == .abnormal)
        #expect(socket.connectionEnded() == nil)
    }

    @Test("A long reason is cut at a character to fit a control frame (RFC 6455 §5.5)")
    func longReason() {
        var socket = server()
        let reason = String(repeating: "你", count: 50)
        let payload = [0x03, 0xE8] + Array(String(repeating: "你", count: 41).utf8)
        #expect(socket.close(.normal, reason: reason, at: start) == [.send([0x88, 125] + payload)])
    }

    @Test("Pings go out at their interval, and a silent peer is dead at its limit")
    func keepAlive() {
        var socket = server()
        #expect(socket.deadline == start + .seconds(20))
        #expect(socket.deadlineReached(at: start + .seconds(20)) == [.send([0x89, 0])])
        #expect(socket.receive(masked(0x8A, []).span, at: start + .seconds(21)) == [])
        #expect(socket.deadlineReached(at: start + .seconds(40)) == [.send([0x89, 0])])
        #expect(socket.deadlineReached(at: start + .seconds(60)) == [.send([0x89, 0])])
        #expect(socket.deadline == start + .seconds(66))
        #expect(socket.deadlineReached(at: start + .seconds(66)) == [.dead])
        #expect(socket.connectionEnded() == nil)
    }

    @Test("A peer that is doubted is pinged at once, and dead if nothing comes from it in time")
    func probe() {
        var socket = server()
        #expect(socket.probe(within: .seconds(3), at: start + .seconds(5)) == [.send([0x89, 0])])
        #expect(socket.probe(within: .seconds(3), at: start + .seconds(6)) == [])
        #expect(socket.deadline == start + .seconds(8))
        #expect(socket.receive(masked(0x8A, []).span, at: start + .seconds(7)) == [])
        #expect(socket.deadline == start + .seconds(20))
        #expect(socket.probe(within: .seconds(3), at: start + .seconds(9)) == [.send([0x89, 0])])
        #expect(socket.deadlineReached(at: start + .seconds(12)) == [.dead])
    }
}
