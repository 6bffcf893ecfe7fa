import Testing
import Wire

@testable import ICE

/// A peer that knows the password and means no good.
@Suite("ICE with a hostile peer") struct HostilePeerStories {
    private static let local = endpoint("192.0.2.1#5000")
    private static let remote = endpoint("192.0.2.2#6000")

    private let peer = Credentials(ufrag: "peer", password: Redacted("peerpeerpeerpeerpeerpe"))
    private var randomness = Randomness.seeded(7)
    private var now = Instant(nanoseconds: 0)

    /// A controlled agent that checks a pair or has selected one.
    private mutating func makeAgent(isConnected: Bool) throws -> Agent {
        var agent = Agent(role: .controlled, hostAddresses: [Self.local], randomness: .seeded(1))
        let candidate = Candidate(foundation: "1", kind: .host, priority: 1, endpoint: Self.remote)
        let outputs = agent.setRemote(RemoteDescription(credentials: peer, candidates: [candidate]), at: now)
        guard isConnected else { return agent }
        _ = try answer(outputs, mapped: Self.local, of: &agent)
        _ = request(from: Self.remote, nominates: true, to: &agent)
        #expect(agent.state == .connected)
        return agent
    }

    private mutating func request(from source: Endpoint, nominates: Bool = false, to agent: inout Agent) -> [Agent
        .Output]
    {
        let request = STUNMessage(
            .request, transactionID: STUNMessage.TransactionID(using: &randomness),
            attributes: [
                .username("\(agent.credentials.ufrag):peer"), .priority(1), .iceControlling(tieBreaker: 1),
            ] + (nominates ? [.useCandidate] : []))
        let bytes = request.encoded(key: Array(agent.credentials.password.value.utf8))
        return agent.receive(bytes.span, from: source, to: Self.local, at: now)
    }

    /// Answers the checks among some outputs with that mapped address.
    private func answer(
        _ outputs: [Agent.Output], mapped: Endpoint, of agent: inout Agent
    ) throws -> [Agent.Output] {
        var news: [Agent.Output] = []
        for case .transmit(let bytes, _, let remote) in outputs {
            let message = try STUNMessage(parsing: bytes.span)
            guard message.kind == .request else { continue }
            let response = STUNMessage(
                .success, transactionID: message.transactionID, attributes: [.xorMappedAddress(mapped)])
            let answer = response.encoded(key: Array(peer.password.value.utf8))
            news += agent.receive(answer.span, from: remote, to: Self.local, at: now)
        }
        return news
    }

    @Test("Where the selected pair's socket is gone, time goes on until consent expires (RFC 7675 §5.1)")
    mutating func goneSocket() throws {
        var agent = try makeAgent(isConnected: true)
        agent.removeLocal(Self.local)
        var turns = 0
        while let deadline = agent.deadline {
            now = max(now, deadline)
            _ = agent.handle(.deadlineReached, at: now)
            turns += 1
            try #require(turns < 20)
        }
        #expect(agent.state == .failed(.consentExpired))
    }

    @Test("A peer that sees us at another address each time does not fill our memory (RFC 8445 §7.2.5.3.1)")
    mutating func mappedAddresses() throws {
        var agent = try makeAgent(isConnected: true)
        for port in UInt16(1)...100 {
            now = try #require(agent.deadline)
            let question = agent.handle(.deadlineReached, at: now)
            _ = try answer(question, mapped: Endpoint(Self.local.address, port: port), of: &agent)
        }
        #expect(agent.state == .connected)
        #expect(agent.localCandidates.count == 17)
    }

    @Test("A flood of checks is answered, but makes no flood of checks of ours (RFC 8445 §7.3.1.4)")
    mutating func checks() throws {
        var agent = try makeAgent(isConnected: false)
        var sent = (responses: 0, requests: 0)
        for _ in 0..<1_000 {
            for case .transmit(let bytes, _, _) in request(from: Self.remote, to: &agent) {
                let kind = try STUNMessage(parsing: bytes.span).kind
                if kind == .request { sent.requests += 1 } else { sent.responses += 1 }
            }
        }
        #expect(sent.responses == 1_000)
        // Beside the one that was under way.
        #expect(sent.requests == 7)
        #expect(agent.checks.count == 8)
    }

    @Test("A peer that moves for the hundredth time is still followed (RFC 8445 §7.3.1.3)")
    mutating func moves() throws {
        var agent = try makeAgent(isConnected: true)
        for port in UInt16(1)...150 {
            _ = request(from: Endpoint(Self.remote.address, port: port), to: &agent)
        }
        // None of them answers; when that is clear, somebody else may.
        let end = now + .seconds(25)
        while let deadline = agent.deadline, deadline < end {
            now = max(now, deadline)
            let outputs = agent.handle(.deadlineReached, at: now).filter { output in
                if case .transmit(_, _, Self.remote) = output { true } else { false }
            }
            _ = try answer(outputs, mapped: Self.local, of: &agent)
        }
        let moved = endpoint("192.0.2.3#6000")
        let outputs = request(from: moved, nominates: true, to: &agent)
        let news = try answer(outputs, mapped: Self.local, of: &agent)
        #expect(news.contains(.valid(Path(local: Self.local, remote: moved))))
    }
}
