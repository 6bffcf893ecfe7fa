import ICE
import Testing
import Wire

/// What an agent answers to single requests.
@Suite("ICE answers") struct AgentAnswers {
    private static let local = endpoint("192.0.2.1#5000")
    private static let peer = endpoint("192.0.2.2#6000")
    private static let transactionID = STUNMessage.TransactionID(high: 7, low: 8)

    private var agent = Agent(role: .controlled, hostAddresses: [local], randomness: .seeded(1))

    private mutating func answer(
        _ attributes: [STUNAttribute], key: String?, to local: Endpoint = local
    ) throws -> STUNMessage? {
        let request = STUNMessage(.request, transactionID: Self.transactionID, attributes: attributes)
        let bytes = request.encoded(key: key.map { Array($0.utf8) })
        let outputs = agent.receive(bytes.span, from: Self.peer, to: local, at: Instant(nanoseconds: 0))
        guard case .transmit(let answer, from: Self.local, to: Self.peer) = outputs.first else { return nil }
        #expect(outputs.count == 1)
        return try STUNMessage(parsing: answer.span)
    }

    private var username: STUNAttribute { .username("\(agent.credentials.ufrag):peer") }

    @Test("A good check gets the address it came from, signed with our password (RFC 8445 §7.3.1.2)")
    mutating func success() throws {
        let key = agent.credentials.password.value
        let answer = try answer([username, .priority(1), .iceControlling(tieBreaker: 1)], key: key)
        #expect(answer?.kind == .success)
        #expect(answer?.transactionID == Self.transactionID)
        #expect(answer?.attributes == [.xorMappedAddress(Self.peer)])
        #expect(answer?.isAuthentic(key: Array(key.utf8)) == true)
    }

    @Test("No credentials are a bad request (RFC 8489 §9.1.3)") mutating func noCredentials() throws {
        #expect(try answer([username, .priority(1)], key: nil)?.errorCode == 400)
        #expect(try answer([.priority(1)], key: agent.credentials.password.value)?.errorCode == 400)
    }

    @Test("Wrong credentials are unauthorized, and that is not signed (RFC 8489 §9.1.3)")
    mutating func wrongCredentials() throws {
        let wrongKey = try answer([username, .priority(1)], key: "wrong")
        #expect(wrongKey?.errorCode == 401)
        #expect(wrongKey?.integrity == nil)
        let key = agent.credentials.password.value
        #expect(try answer([.username("other:peer"), .priority(1)], key: key)?.errorCode == 401)
        #expect(try answer([.username("nocolon"), .priority(1)], key: key)?.errorCode == 401)
    }

    @Test("An attribute that must be understood and is not is named (RFC 8489 §6.3.1)")
    mutating func unknownAttribute() throws {
        let key = agent.credentials.password.value
        let answer = try answer([username, .priority(1), .other(type: 0x7FF0, value: [])], key: key)
        #expect(answer?.attributes == [.errorCode(420, reason: "Unknown Attribute"), .unknownAttributes([0x7FF0])])
    }

    @Test("The one with the higher tie-breaker keeps its role and answers 487 (RFC 8445 §7.3.1.1)")
    mutating func roleConflict() throws {
        let key = agent.credentials.password.value
        let higher = try answer([username, .priority(1), .iceControlled(tieBreaker: .max)], key: key)
        #expect(higher?.errorCode == 487)
        #expect(agent.role == .controlled)
        let lower = try answer([username, .priority(1), .iceControlled(tieBreaker: 0)], key: key)
        #expect(lower?.kind == .success)
        #expect(agent.role == .controlling)
    }

    @Test("What comes to an address that is not ours, and what is no Binding, is not answered")
    mutating func foreign() throws {
        let key = agent.credentials.password.value
        #expect(try answer([username, .priority(1)], key: key, to: endpoint("192.0.2.9#1")) == nil)
        let other = STUNMessage(.request, method: 3, transactionID: Self.transactionID, attributes: [username])
        let bytes = other.encoded(key: Array(key.utf8))
        #expect(agent.receive(bytes.span, from: Self.peer, to: Self.local, at: Instant(nanoseconds: 0)).isEmpty)
    }

    @Test("Nobody but the peer can answer our checks (RFC 8445 §7.2.5)") func forgedAnswer() throws {
        var story = Story(a: ["192.0.2.1#5000"], b: ["192.0.2.2#6000"], rule: { _, _, _ in true })
        story.describe(to: .a)
        let check = try #require(story.take(to: Self.peer).first)
        let request = try STUNMessage(parsing: check.bytes.span)
        let forged = STUNMessage(
            .success, transactionID: request.transactionID, attributes: [.xorMappedAddress(Self.local)])
        story.inject(forged.encoded(key: Array("wrong".utf8)), from: Self.peer, to: Self.local)
        story.run(for: .milliseconds(10))
        #expect(!story[.a].isValid(Path(local: Self.local, remote: Self.peer)))

        let genuine = forged.encoded(key: Array(story[.b].credentials.password.value.utf8))
        story.inject(genuine, from: endpoint("192.0.2.3#6000"), to: Self.local)
        story.run(for: .milliseconds(10))
        #expect(!story[.a].isValid(Path(local: Self.local, remote: Self.peer)))
    }
}
