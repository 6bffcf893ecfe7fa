import ICE
import Testing
import Wire

/// A controlled agent and a scripted peer that nominates as RFC 5245 peers do: with every check.
@Suite("Aggressive nomination") struct NominationStories {
    private static let best = endpoint("192.0.2.2#6000")
    private static let second = endpoint("192.0.2.3#6000")
    private static let local = endpoint("192.0.2.1#5000")

    private let peer = Credentials(ufrag: "peer", password: Redacted("peerpeerpeerpeerpeerpe"))
    private var agent = Agent(role: .controlled, hostAddresses: [local], randomness: .seeded(1))
    private var now = Instant(nanoseconds: 0)
    /// The checks of the agent that wait for an answer.
    private var checks: [Endpoint: [STUNMessage]] = [:]
    private var events: [Agent.Output] = []

    init() throws {
        let candidates = [Self.best, Self.second].enumerated().map { index, endpoint in
            Candidate(foundation: "\(index)", kind: .host, priority: 2_000 - UInt32(index), endpoint: endpoint)
        }
        let outputs = agent.setRemote(RemoteDescription(credentials: peer, candidates: candidates), at: now)
        try take(outputs)
    }

    private mutating func take(_ outputs: [Agent.Output]) throws {
        for output in outputs {
            guard case .transmit(let bytes, _, let remote) = output else {
                events.append(output)
                continue
            }
            let message = try STUNMessage(parsing: bytes.span)
            if message.kind == .request { checks[remote, default: []].append(message) }
        }
    }

    private mutating func nominate(_ remote: Endpoint) throws {
        var randomness = Randomness.system
        let request = STUNMessage(
            .request, transactionID: STUNMessage.TransactionID(using: &randomness),
            attributes: [
                .username("\(agent.credentials.ufrag):peer"), .priority(1), .iceControlling(tieBreaker: 1),
                .useCandidate,
            ])
        let bytes = request.encoded(key: Array(agent.credentials.password.value.utf8))
        try take(agent.receive(bytes.span, from: remote, to: Self.local, at: now))
    }

    private mutating func answerChecks(of remote: Endpoint) throws {
        for request in checks.removeValue(forKey: remote) ?? [] {
            let response = STUNMessage(
                .success, transactionID: request.transactionID, attributes: [.xorMappedAddress(Self.local)])
            let bytes = response.encoded(key: Array(peer.password.value.utf8))
            try take(agent.receive(bytes.span, from: remote, to: Self.local, at: now))
        }
    }

    private mutating func wait(_ duration: Duration) throws {
        now = now + duration
        try take(agent.handle(.deadlineReached, at: now))
    }

    private var selections: [Endpoint] {
        events.compactMap { if case .selected(let path) = $0 { path.remote } else { nil } }
    }

    @Test("A nomination takes effect when our own check has succeeded (RFC 8445 §7.3.1.5)")
    mutating func waitsForOwnCheck() throws {
        try nominate(Self.best)
        #expect(selections == [])
        try wait(.milliseconds(50))
        try answerChecks(of: Self.best)
        #expect(selections == [Self.best])
        #expect(agent.state == .connected)
    }

    @Test("A better pair nominated later wins, a worse one does not (RFC 5245 §8.1.1.2)")
    mutating func betterPairWins() throws {
        try nominate(Self.second)
        try wait(.milliseconds(50))
        try wait(.milliseconds(50))
        try answerChecks(of: Self.second)
        #expect(selections == [Self.second])
        try nominate(Self.best)
        try wait(.milliseconds(50))
        try answerChecks(of: Self.best)
        #expect(selections == [Self.second, Self.best])
        try nominate(Self.second)
        #expect(selections == [Self.second, Self.best])
    }

    @Test("A better pair whose check was still running goes on being checked (RFC 5245 §8.1.2)")
    mutating func runningCheckGoesOn() throws {
        try nominate(Self.best)
        try nominate(Self.second)
        try wait(.milliseconds(50))
        try wait(.milliseconds(50))
        try answerChecks(of: Self.second)
        #expect(selections == [Self.second])
        try answerChecks(of: Self.best)
        #expect(selections == [Self.second, Self.best])
    }

    @Test("Where the pair in use has fallen silent, a worse one may be nominated") mutating func silentPair() throws {
        try nominate(Self.best)
        try wait(.milliseconds(50))
        try answerChecks(of: Self.best)
        try wait(.seconds(8))
        try nominate(Self.second)
        try wait(.milliseconds(50))
        try answerChecks(of: Self.second)
        #expect(selections == [Self.best, Self.second])
        #expect(agent.state == .connected)
    }
}
