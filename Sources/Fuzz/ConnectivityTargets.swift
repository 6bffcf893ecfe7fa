import Crypto
import ICE
import Peer
import Wire

extension Target {
    static let connectivity = [
        Target(name: "stun", seeds: { STUNSeeds.datagrams }, check: checkSTUN),
        Target(name: "ice", seeds: { [[0, 2, 1, 0, 2, 6, 1, 40, 3, 40, 2, 0]] }, check: checkICE),
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
            .failure, transactionID: id,
            attributes: [.errorCode(420, reason: "?"), .unknownAttributes([1, 2]), .realm("r"), .nonce("n")])
        return [request, success, failure].flatMap { [$0.encoded(), $0.encoded(key: Array("secret".utf8))] }
    }()
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
        let offer = a.createOffer(hostCandidates: [Self.addressA], at: now)
        guard let (answer, started) = try? b.createAnswer(toOffer: offer, hostCandidates: [Self.addressB], at: now),
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
