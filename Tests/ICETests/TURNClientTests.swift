import Crypto
import ICE
import Testing
import Wire

@Suite("TURN") struct TURNClientTests {
    private static let allocated = TURNClient.Output.allocated(TURNStory.relayed, mapped: TURNStory.mapped)
    private static let check: [UInt8] = [0, 1, 0, 0]
    private static let hello: [UInt8] = [22, 254, 253, 0, 1]

    private func indication(_ bytes: [UInt8]) throws -> [STUNAttribute] {
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.kind == .indication)
        #expect(message.method == STUNMessage.send)
        return message.attributes
    }

    @Test(
        "An allocation is asked for, and once more when the server wants to know who asks (RFC 8656 §7, RFC 8489 §9.2)")
    func allocation() throws {
        var story = TURNStory()
        story.handle(.start)
        let first = try story.takeRequest()
        #expect(first.method == STUNMessage.allocate)
        #expect(first.attributes == [.requestedTransport(17), .lifetime(seconds: 600)])
        #expect(first.integrity == nil)
        story.fail(first, 401)
        let second = try story.takeRequest()
        #expect(second.transactionID != first.transactionID)
        #expect(
            second.attributes == [
                .requestedTransport(17), .lifetime(seconds: 600), .username("user"), .realm("realm"), .nonce("one"),
            ])
        #expect(second.isAuthentic(key: TURNStory.key))
        story.succeed(
            second,
            [
                .xorRelayedAddress(TURNStory.relayed), .xorMappedAddress(TURNStory.mapped), .lifetime(seconds: 600),
            ])
        #expect(story.events == [Self.allocated])
    }

    @Test("Whom the server does not know gets no allocation (RFC 8489 §9.2.4)") func unauthorized() throws {
        var story = TURNStory()
        story.handle(.start)
        for _ in 0..<2 { story.fail(try story.takeRequest(), 401) }
        #expect(story.events == [.ended(.unauthorized)])
        #expect(story.client.deadline == nil)

        var nobody = TURNStory(account: nil)
        nobody.handle(.start)
        nobody.fail(try nobody.takeRequest(), 401)
        #expect(nobody.events == [.ended(.unauthorized)])
    }

    @Test(
        "A server that is full or wants something else ends it (RFC 8656 §7.4)", arguments: [300, 437, 442, 486, 508])
    func refusal(code: Int) throws {
        var story = TURNStory()
        story.handle(.start)
        story.fail(try story.takeRequest(), code)
        #expect(story.events == [.ended(.refused(code))])
    }

    @Test("An answer that is not signed with our key is as good as lost (RFC 8489 §9.2.5)") func forged() throws {
        var story = TURNStory()
        story.handle(.start)
        story.fail(try story.takeRequest(), 401)
        let request = try story.takeRequest()
        story.succeed(request, [.xorRelayedAddress(TURNStory.peer)], key: nil)
        story.succeed(request, [.xorRelayedAddress(TURNStory.peer)], key: [1])
        #expect(story.events == [])
        story.succeed(request, [.xorRelayedAddress(TURNStory.relayed), .xorMappedAddress(TURNStory.mapped)])
        #expect(story.events == [Self.allocated])
    }

    @Test(
        "A silent server is given up, over a stream without asking again (RFC 8489 §6.2.1, §6.2.2)",
        arguments: [(false, Duration.milliseconds(23_500), 6), (true, .seconds(8), 1)])
    func silence(isStream: Bool, patience: Duration, transmissions: Int) {
        var story = TURNStory(isStream: isStream)
        story.handle(.start)
        story.run(for: patience - .milliseconds(1))
        #expect(story.events == [])
        #expect(story.requests.count == transmissions)
        story.run(for: .milliseconds(1))
        #expect(story.events == [.ended(.timedOut)])
    }

    @Test(
        "An allocation is renewed a minute before its end, in the middle of a short one (RFC 8656 §8)",
        arguments: [(UInt32(600), 540), (100, 50), (0, 1)])
    func refresh(lifetime: UInt32, due: Int) throws {
        var story = TURNStory()
        story.allocate(lifetime: lifetime)
        story.run(for: .seconds(due) - .milliseconds(1))
        #expect(story.requests.isEmpty)
        story.run(for: .milliseconds(1))
        #expect(story.requests.first?.method == STUNMessage.refresh)
        #expect(story.requests.first?.attributes.first == .lifetime(seconds: 600))
        story.answerAll(lifetime: lifetime)
        #expect(story.events == [Self.allocated])
    }

    @Test("A nonce that is stale is replaced, and the request made again (RFC 8489 §9.2.5)") func staleNonce() throws {
        var story = TURNStory()
        story.allocate()
        story.nonce = "two"
        story.run(for: .seconds(540))
        let refused = try story.takeRequest()
        #expect(refused.attributes.contains(.nonce("one")))
        story.fail(refused, 438)
        #expect(story.requests.first?.attributes.contains(.nonce("two")) == true)
        story.answerAll()
        #expect(story.events == [Self.allocated])

        story.run(for: .seconds(540))
        for number in 0..<10 {
            story.nonce = "again \(number)"
            if !story.requests.isEmpty { story.fail(try story.takeRequest(), 438) }
        }
        #expect(story.events == [Self.allocated, .ended(.refused(438))])
    }

    @Test("An allocation the server has lost ends it (RFC 8656 §7.4)") func lost() throws {
        var story = TURNStory()
        story.allocate()
        story.run(for: .seconds(540))
        story.fail(try story.takeRequest(), 437)
        #expect(story.events == [Self.allocated, .ended(.refused(437))])
    }

    @Test("What is sent to a new address waits for its permission and goes out in indications (RFC 8656 §9, §11)")
    func permission() throws {
        var story = TURNStory()
        story.send(Self.check)
        #expect(story.requests.isEmpty)
        story.allocate()
        story.send(Self.check)
        story.send([0, 2], to: endpoint("192.0.2.2#6001"))
        #expect(story.sent == [])
        let request = try story.takeRequest()
        #expect(request.method == STUNMessage.createPermission)
        #expect(request.attributes.first == .xorPeerAddress(endpoint("192.0.2.2#0")))
        #expect(story.requests.isEmpty)
        story.succeed(request)
        story.send([0, 3])
        #expect(
            try story.sent.map(indication) == [
                [.xorPeerAddress(TURNStory.peer), .data(Self.check)],
                [.xorPeerAddress(endpoint("192.0.2.2#6001")), .data([0, 2])],
                [.xorPeerAddress(TURNStory.peer), .data([0, 3])],
            ])
    }

    @Test("Nothing is sent to an address the server forbids (RFC 8656 §9.2)") func forbidden() throws {
        var story = TURNStory()
        story.allocate()
        story.send(Self.check)
        story.fail(try story.takeRequest(), 403)
        story.send(Self.check)
        #expect(story.sent == [])
        #expect(story.requests.isEmpty)
        #expect(story.events == [Self.allocated])
    }

    @Test(
        "A path that carries more than checks gets a channel, padded in a stream (RFC 8656 §12)",
        arguments: [
            (false, [64, 0, 0, 5, 22, 254, 253, 0, 1] as [UInt8]), (true, [64, 0, 0, 5, 22, 254, 253, 0, 1, 0, 0, 0]),
        ])
    func channel(isStream: Bool, frame: [UInt8]) throws {
        var story = TURNStory(isStream: isStream)
        story.allocate()
        story.send(Self.check)
        story.answerAll()
        story.send(Self.hello)
        let request = try story.takeRequest()
        #expect(request.method == STUNMessage.channelBind)
        #expect(request.attributes.prefix(2) == [.channelNumber(0x4000), .xorPeerAddress(TURNStory.peer)])
        story.send(Self.hello)
        #expect(story.requests.isEmpty)
        #expect(try story.sent.map(indication).last == [.xorPeerAddress(TURNStory.peer), .data(Self.hello)])
        story.succeed(request)
        story.send(Self.hello)
        #expect(story.sent.last == frame)
        story.send(Self.check)
        #expect(story.sent.last == [64, 0, 0, 4] + Self.check)
    }

    @Test("What comes in frames and indications is handed over with its sender (RFC 8656 §11.4, §12.7)")
    func receiving() throws {
        var story = TURNStory()
        story.allocate()
        story.send(Self.hello)
        story.answerAll()
        story.send(Self.hello)
        story.answerAll()
        let data = STUNMessage(
            .indication, method: STUNMessage.data, transactionID: .init(high: 1, low: 2),
            attributes: [.xorPeerAddress(endpoint("192.0.2.7#1")), .data([9])])
        story.receive(data.encoded())
        story.receive([64, 0, 0, 2, 7, 8, 0, 0])
        for broken: [UInt8] in [[], [64, 0], [64, 0, 0, 2, 7], [64, 1, 0, 1, 7], [127, 255, 0, 0], [0, 1, 2, 3]] {
            story.receive(broken)
        }
        #expect(story.delivered.map(\.bytes) == [[9], [7, 8]])
        #expect(story.delivered.map(\.peer) == [endpoint("192.0.2.7#1"), TURNStory.peer])
    }

    @Test("Permissions and channels in use are renewed within five minutes, others are not (RFC 8656 §9, §12)")
    func renewal() throws {
        var story = TURNStory()
        story.allocate()
        story.send(Self.check)
        story.send(Self.check, to: endpoint("192.0.2.3#1"))
        story.answerAll()
        story.send(Self.hello)
        story.answerAll()
        story.send(Self.hello)
        story.run(for: .seconds(240))
        #expect(story.requests.map(\.method) == [STUNMessage.channelBind])
        story.answerAll()
        story.run(for: .seconds(240))
        #expect(story.requests.isEmpty)
        story.send(Self.check, to: endpoint("192.0.2.3#1"))
        #expect(story.requests.map(\.method) == [STUNMessage.createPermission])
    }

    @Test("An allocation is given back, once at least (RFC 8656 §8)") func close() throws {
        var story = TURNStory()
        story.allocate()
        story.handle(.close)
        let request = try #require(story.requests.first)
        #expect(request.method == STUNMessage.refresh)
        #expect(request.attributes.first == .lifetime(seconds: 0))
        story.answerAll(lifetime: 0)
        #expect(story.events == [Self.allocated, .ended(.closed)])

        var silent = TURNStory()
        silent.allocate()
        silent.handle(.close)
        silent.run(for: .seconds(2))
        #expect(silent.events == [Self.allocated, .ended(.closed)])
        #expect(silent.client.deadline == nil)

        var early = TURNStory()
        early.handle(.start)
        early.handle(.close)
        #expect(early.events == [.ended(.closed)])
    }
}

@Suite("TURN in a stream") struct TURNFramesTests {
    @Test("Messages are found however the stream is cut (RFC 8656 §12.5)", arguments: 1...60)
    func cuts(length: Int) throws {
        let request = STUNMessage(.request, transactionID: .init(high: 1, low: 2), attributes: [.realm("r")]).encoded()
        let frame: [UInt8] = [64, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]
        let stream = request + frame + request + [64, 1, 0, 0] + frame
        var frames = TURNFrames()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: length) {
            let piece = Array(stream[start..<min(start + length, stream.count)])
            try frames.receive(piece.span) { found.append([UInt8]($0)) }
        }
        #expect(found == [request, frame, request, [64, 1, 0, 0], frame])
    }

    @Test("What is neither STUN nor a channel's is an error (RFC 7983)", arguments: [UInt8(0x80), 0xFF])
    func foreign(first: UInt8) {
        var frames = TURNFrames()
        #expect(throws: TURNFrames.ParseFailure.neitherSTUNNorChannel) {
            try frames.receive([first, 0, 0, 0].span) { _ in }
        }
    }
}

@Suite("URIs of STUN and TURN servers") struct ServerURITests {
    @Test(
        "Each is read with the default of what it leaves out (RFC 7064 §3.2, RFC 7065 §3.2)",
        arguments: [
            ("stun:stun.example", "stun:stun.example:3478"), ("turn:192.0.2.1", "turn:192.0.2.1:3478?transport=udp"),
            ("turn:t.example:80?transport=tcp", "turn:t.example:80?transport=tcp"),
            ("turns:t.example", "turns:t.example:5349"), ("turns:t.example:443?transport=tcp", "turns:t.example:443"),
            ("TURN:[2001:db8::1]:9?transport=udp", "turn:[2001:db8::1]:9?transport=udp"),
        ])
    func valid(text: String, whole: String) throws {
        let uri = try #require(ServerURI(text))
        #expect(uri.text == whole)
        #expect(ServerURI(whole) == uri)
    }

    @Test(
        "Others are none",
        arguments: [
            "", "stun", "stun:", "stuns:a", "turn:a:0", "turn:a:99999", "turn:a?transport=sctp",
            "turns:a?transport=udp",
            "stun:a?transport=udp", "turn:a b", "turn:[::1", "turn:user@a", "http://a", "turn:a?transport=udp?x",
        ])
    func invalid(text: String) {
        #expect(ServerURI(text) == nil)
    }
}
