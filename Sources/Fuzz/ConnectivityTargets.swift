import Audio
import Crypto
import ICE
import Peer
import Wire

extension Target {
    static let connectivity = [
        Target(name: "stun", seeds: { STUNSeeds.datagrams }, check: checkSTUN),
        Target(name: "ice", seeds: { [[0, 2, 1, 0, 2, 6, 1, 40, 3, 40, 2, 0]] }, check: checkICE),
        Target(name: "turn", seeds: { TURNRun.seeds }, check: TURNRun.check),
        Target(
            name: "local-name", seeds: { [(LocalName("a.local")?.query ?? []), TURNRun.record] }, check: checkLocalName),
        Target(
            name: "peer",
            seeds: {
                [[], [0, 0, 0], [1, 1, 8, 0xFF, 2, 0, 0xFF, 3, 3, 0x16, 0xFE, 0xFD], [4, 0, 0, 2, 0x80, 0xC8]]
            }, check: checkPeer),
    ]

    private static func checkSTUN(_ bytes: [UInt8]) {
        guard let message = try? STUNMessage(parsing: bytes.span) else { return }
        _ = message.isAuthentic(key: Array("secret".utf8))
        let plain = STUNMessage(
            message.kind, method: message.method, transactionID: message.transactionID, attributes: message.attributes)
        let written = plain.encoded()
        expectStable(plain, written) { try STUNMessage(parsing: written.span) }
        let signed = message.encoded(key: Array("secret".utf8))
        expect(
            (try? STUNMessage(parsing: signed.span))?.isAuthentic(key: Array("secret".utf8)) == true,
            "what is signed is authentic")
    }

    private static func checkICE(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        var run = ICERun(isControlling: fodder.byte() & 1 == 0, isLite: fodder.byte() & 4 != 0)
        for _ in 0..<64 where !fodder.isEmpty { run.step(&fodder) }
        run.finish()
    }

    private static func checkLocalName(_ bytes: [UInt8]) {
        let address = LocalName("a.local")?.address(in: bytes.span)
        expect(bytes.count > 12 || address == nil, "an address takes a record")
    }

    private static func checkPeer(_ bytes: [UInt8]) {
        var tampering = Tampering(bytes)
        var pair = PeerPair()
        pair.run(&tampering)
    }
}

private enum STUNSeeds {
    static let datagrams: [[UInt8]] = {
        let id = STUNMessage.TransactionID(high: 1, low: 2)
        let endpoint = Endpoint(.v6(high: 0x2001_0DB8 << 32, low: 1), port: 9)
        let request = STUNMessage(
            .request, transactionID: id,
            attributes: [
                .username("a:b"), .priority(1), .useCandidate, .iceControlling(tieBreaker: 3), .software("x"),
                .other(type: 0x8001, value: [1, 2, 3]),
            ])
        let success = STUNMessage(
            .success, transactionID: id, attributes: [.xorMappedAddress(endpoint), .mappedAddress(endpoint)])
        let failure = STUNMessage(
            .failure, method: STUNMessage.allocate, transactionID: id,
            attributes: [
                .channelNumber(0x4000), .lifetime(seconds: 600), .xorPeerAddress(endpoint), .data([1, 2]),
                .xorRelayedAddress(endpoint), .requestedTransport(17), .errorCode(420, reason: "?"),
                .unknownAttributes([1, 2]),
                .realm("r"), .nonce("n"),
            ])
        return [request, success, failure].flatMap { [$0.encoded(), $0.encoded(key: Array("secret".utf8))] }
    }()
}

/// A TURN client and a server that knows the password but not the rules.
private struct TURNRun {
    static let record: [UInt8] =
        [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 97, 5] + Array("local".utf8)
        + [0, 0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 1]
    static let seeds: [[UInt8]] = [
        [2, 2, 3, 0, 2, 3, 1, 2, 0, 1, 5, 22, 1, 2, 3, 4, 2, 0, 0, 6, 64, 0, 0, 2, 1, 2], [2, 2, 3, 20, 2, 1],
        [0, 8, 64, 0, 0, 4, 1, 2, 3, 4],
    ]

    private static let peer = Endpoint(.v4(0xC000_0202), port: 6_000)
    private static let key = Digest.md5(Array("u:r:p".utf8))
    private var client: TURNClient
    private var frames = TURNFrames()
    private var now = Instant(nanoseconds: 0)
    private var asked: [STUNMessage] = []

    static func check(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        var run = TURNRun(isStream: fodder.byte() & 1 == 0)
        for _ in 0..<64 where !fodder.isEmpty { run.step(&fodder) }
        run.finish()
    }

    init(isStream: Bool) {
        client = TURNClient(
            account: .init(user: "u", password: Redacted("p")), isStream: isStream, randomness: .seeded(1))
        perform(client.handle(.start, at: now))
    }

    mutating func step(_ fodder: inout Fodder) {
        switch fodder.byte() & 3 {
        case 0: receive(fodder.piece())
        case 1:
            let datagram = fodder.piece()
            var sent: [[UInt8]] = []
            perform(client.send(datagram.span, to: Self.peer, at: now) { sent.append([UInt8]($0)) })
            expect(sent.allSatisfy { $0.count >= datagram.count + 4 }, "a frame has a header")
        case 2: answer(&fodder)
        default: pass(.seconds(Int(fodder.byte())))
        }
    }

    mutating func finish() {
        perform(client.handle(.close, at: now))
        pass(.seconds(60))
        expect(client.deadline == nil, "a client that is closed comes to an end")
    }

    private mutating func answer(_ fodder: inout Fodder) {
        guard let request = asked.popLast() else { return }
        let flags = fodder.byte()
        var attributes: [STUNAttribute] = [.realm("r"), .nonce("n\(flags)")]
        if flags & 3 == 0 { attributes.append(.errorCode(300 + Int(flags), reason: "")) }
        if flags & 3 == 1 { attributes.append(.errorCode(flags & 4 == 0 ? 401 : 438, reason: "")) }
        attributes += [.xorRelayedAddress(Self.peer), .lifetime(seconds: UInt32(flags))]
        let kind = flags & 3 < 2 ? STUNMessage.Kind.failure : .success
        let response = STUNMessage(
            kind, method: request.method, transactionID: request.transactionID, attributes: attributes)
        receive(response.encoded(key: Self.key))
    }

    private mutating func receive(_ bytes: [UInt8]) {
        var messages: [[UInt8]] = []
        try? frames.receive(bytes.span) { messages.append([UInt8]($0)) }
        for message in messages + [bytes] { perform(client.receive(message.span, at: now) { _, _ in }) }
    }

    private mutating func pass(_ duration: Duration) {
        let end = now + duration
        var steps = 0
        while let deadline = client.deadline, deadline <= end {
            now = max(now, deadline)
            perform(client.handle(.deadlineReached, at: now))
            steps += 1
            expect(steps < 20_000, "deadlines move forward")
        }
        now = end
    }

    private mutating func perform(_ outputs: [TURNClient.Output]) {
        for case .transmit(let bytes) in outputs {
            if let message = try? STUNMessage(parsing: bytes.span), message.kind == .request {
                asked = asked.suffix(64) + [message]
            }
        }
    }
}

/// An agent and a peer that knows the password but not the rules.
private struct ICERun {
    private static let local = Endpoint(.v4(0xC000_0201), port: 5_000)
    private static let remotes = (0..<4).map { Endpoint(.v4(0xC000_0202 + $0), port: 6_000) }

    private var agent: Agent
    private var now = Instant(nanoseconds: 0)
    private let remote: ICE.Credentials
    private var asked: [(message: STUNMessage, to: Endpoint)] = []

    init(isControlling: Bool, isLite: Bool) {
        agent = Agent(
            role: isControlling ? .controlling : .controlled, hostAddresses: [Self.local], randomness: .seeded(1))
        remote = ICE.Credentials(ufrag: "peer", password: Redacted("passwordpasswordpassword"))
        let candidates = Self.remotes.prefix(2).enumerated().map { index, endpoint in
            Candidate(foundation: "\(index)", kind: .host, priority: UInt32(100 - index), endpoint: endpoint)
        }
        perform(
            agent.setRemote(
                RemoteDescription(credentials: remote, candidates: Array(candidates), isLite: isLite), at: now))
    }

    mutating func step(_ fodder: inout Fodder) {
        let operation = fodder.byte()
        let source = Self.remotes[Int(operation >> 2 & 3)]
        switch operation & 3 {
        case 0: receive(fodder.piece(), from: source)
        case 1: receive(request(&fodder), from: source)
        case 2: answer(&fodder)
        default: pass(.milliseconds(Int(fodder.byte()) * 20))
        }
    }

    /// Checks, consent and patience all come to an end.
    mutating func finish() { pass(.seconds(120)) }

    private func request(_ fodder: inout Fodder) -> [UInt8] {
        let flags = fodder.byte()
        var attributes: [STUNAttribute] = [.username("\(agent.credentials.ufrag):peer"), .priority(UInt32(flags))]
        if flags & 1 != 0 { attributes.append(.useCandidate) }
        if flags & 2 != 0 { attributes.append(.iceControlling(tieBreaker: UInt64(fodder.byte()) << 56)) }
        if flags & 4 != 0 { attributes.append(.iceControlled(tieBreaker: UInt64(fodder.byte()) << 56)) }
        if flags & 8 != 0 { attributes.append(.other(type: UInt16(fodder.byte()), value: fodder.piece())) }
        let id = STUNMessage.TransactionID(high: UInt32(fodder.byte()), low: 7)
        return STUNMessage(.request, transactionID: id, attributes: attributes)
            .encoded(key: Array(agent.credentials.password.value.utf8))
    }

    /// Answers a check, the right one or an old one, well or badly.
    private mutating func answer(_ fodder: inout Fodder) {
        let choice = Int(fodder.byte())
        guard !asked.isEmpty else { return }
        let (request, destination) = asked[asked.count - 1 - choice % min(asked.count, 8)]
        let flags = fodder.byte()
        let attributes: [STUNAttribute] =
            switch flags & 3 {
            case 0, 1: [.xorMappedAddress(flags & 4 == 0 ? Self.local : Self.remotes[3])]
            case 2: [.errorCode(flags & 4 == 0 ? 487 : 400 + choice % 100, reason: "")]
            default: []
            }
        let kind = flags & 3 == 2 ? STUNMessage.Kind.failure : .success
        let response = STUNMessage(kind, transactionID: request.transactionID, attributes: attributes)
        receive(
            response.encoded(key: Array(remote.password.value.utf8)),
            from: flags & 8 == 0 ? destination : Self.remotes[2])
    }

    private mutating func receive(_ datagram: [UInt8], from source: Endpoint) {
        perform(agent.receive(datagram.span, from: source, to: Self.local, at: now))
    }

    private mutating func pass(_ duration: Duration) {
        let end = now + duration
        var steps = 0
        while let deadline = agent.deadline, deadline <= end {
            now = max(now, deadline)
            perform(agent.handle(.deadlineReached, at: now))
            steps += 1
            expect(steps < 20_000, "deadlines move forward")
        }
        now = end
    }

    private mutating func perform(_ outputs: [Agent.Output]) {
        for case .transmit(let bytes, let local, let destination) in outputs {
            expect(local == Self.local, "datagrams leave from a local candidate")
            guard let message = try? STUNMessage(parsing: bytes.span) else { fatalError("what is sent can be read") }
            if message.kind == .request { asked = asked.suffix(64) + [(message, destination)] }
        }
    }
}

/// What happens to datagrams on their way: most pass, some are changed, lost, doubled or made up.
private struct Tampering {
    private var fodder: Fodder

    init(_ bytes: [UInt8]) { fodder = Fodder(bytes) }

    mutating func datagrams(insteadOf datagram: [UInt8]) -> [[UInt8]] {
        guard !fodder.isEmpty else { return [datagram] }
        switch fodder.byte() % 8 {
        case 1: return [changed(datagram)]
        case 2: return []
        case 3: return [fodder.piece(), datagram]
        case 4: return [datagram, datagram]
        case 5: return [Array(datagram.prefix(Int(fodder.byte())))]
        case 6: return [changed(datagram), datagram]
        default: return [datagram]
        }
    }

    private mutating func changed(_ datagram: [UInt8]) -> [UInt8] {
        var bytes = datagram
        for _ in 0...fodder.byte() % 4 where !bytes.isEmpty {
            let index = (Int(fodder.byte()) << 2 | Int(fodder.byte() & 3)) % bytes.count
            bytes[index] ^= fodder.byte()
        }
        return bytes
    }
}

/// Two peers that negotiate, connect, talk and part while somebody tampers with their datagrams.
private struct PeerPair: ~Copyable {
    private static let addressA = Endpoint(.v4(0xC000_0201), port: 5_000)
    private static let addressB = Endpoint(.v4(0xC000_0202), port: 6_000)
    private static let certificate = Certificate.selfSigned()

    private var a: PeerConnection
    private var b: PeerConnection
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var wire: [(bytes: [UInt8], from: Endpoint, to: Endpoint)] = []

    init() {
        a = PeerConnection(configuration: .init(certificate: Self.certificate, cname: "a"), randomness: .seeded(1))
        b = PeerConnection(configuration: .init(certificate: Self.certificate, cname: "b"), randomness: .seeded(2))
    }

    mutating func run(_ tampering: inout Tampering) {
        a.setHostAddresses([Self.addressA])
        b.setHostAddresses([Self.addressB])
        let offer = a.createOffer(at: now)
        guard let (answer, started) = try? b.createAnswer(toOffer: offer, at: now),
            let accepted = try? a.acceptAnswer(answer, at: now)
        else { fatalError("two peers agree") }
        take(started + accepted)
        for _ in 0..<12 {
            speak()
            deliver(&tampering)
            now = now + .milliseconds(20)
            takeDeadlines()
        }
        take(a.close(at: now))
        deliver(&tampering)
        now = now + .seconds(60)
        for _ in 0..<200 { takeDeadlines() }
        take(b.close(at: now))
    }

    private var decoder = FuzzedDecoder(.opus(OpusSettings()))

    private mutating func speak() {
        let payload: [UInt8] = [0x78, 1, 2, 3]
        var sent: [(bytes: [UInt8], from: Endpoint, to: Endpoint)] = []
        a.sendAudio(payload.span, samples: 960, at: now) { sent.append(([UInt8]($0), $1, $2)) }
        b.sendAudio(payload.span, samples: 960, at: now) { sent.append(([UInt8]($0), $1, $2)) }
        wire += sent
        var frame = [Int16](repeating: 0, count: 960)
        var samples = frame.mutableSpan
        a.playAudio(into: &samples, with: &decoder, at: now)
        b.playAudio(into: &samples, with: &decoder, at: now)
    }

    private mutating func deliver(_ tampering: inout Tampering) {
        var budget = 64
        while !wire.isEmpty, budget > 0 {
            let datagram = wire.removeFirst()
            for bytes in tampering.datagrams(insteadOf: datagram.bytes) {
                receive(bytes, from: datagram.from, to: datagram.to)
            }
            budget -= 1
        }
    }

    private mutating func receive(_ datagram: [UInt8], from: Endpoint, to: Endpoint) {
        var bytes = datagram
        var span = bytes.mutableSpan
        let outputs =
            to == Self.addressA
            ? a.receive(&span, from: from, to: to, at: now) : b.receive(&span, from: from, to: to, at: now)
        take(outputs)
    }

    private mutating func takeDeadlines() {
        if let deadline = a.deadline, deadline <= now { take(a.handle(.deadlineReached, at: now)) }
        if let deadline = b.deadline, deadline <= now { take(b.handle(.deadlineReached, at: now)) }
    }

    private mutating func take(_ outputs: [PeerConnection.Output]) {
        for case .transmit(let bytes, let from, let to) in outputs {
            expect(bytes.count <= PeerConnection.maximumDatagramLength, "every datagram fits the path")
            wire.append((bytes, from, to))
        }
    }
}
