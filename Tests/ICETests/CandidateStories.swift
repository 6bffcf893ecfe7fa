import ICE
import Testing
import Wire

@Suite("ICE candidates") struct CandidateStories {
    private static let a = "192.0.2.1#5000"
    private static let b = "192.0.2.2#6000"
    private static let server = endpoint("203.0.113.1#3478")
    private static let relayed = endpoint("203.0.113.1#49152")

    private func answer(_ query: Story.Datagram, mapped: Endpoint) throws -> [UInt8] {
        let request = try STUNMessage(parsing: query.bytes.span)
        #expect(request.attributes == [])
        return STUNMessage(.success, transactionID: request.transactionID, attributes: [.xorMappedAddress(mapped)])
            .encoded()
    }

    @Test("A STUN server's answer is a candidate based on the host's (RFC 8445 §5.1.1.2)") func serverReflexive() throws
    {
        var story = Story(a: ["10.0.0.1#5000", "fd00::1#5000"], b: [Self.b])
        story.act(.a) { $0.gather(from: [Self.server], at: $1) }
        #expect(story[.a].isGathering)
        let query = try #require(story.take(to: Self.server).first)
        let mapped = endpoint("198.51.100.1#40000")
        story.inject(try answer(query, mapped: mapped), from: endpoint("203.0.113.2#3478"), to: query.from)
        story.run(for: .zero)
        #expect(story[.a].isGathering)
        story.inject(try answer(query, mapped: mapped), from: Self.server, to: query.from)
        story.run(for: .zero)
        #expect(!story[.a].isGathering)
        #expect(
            story[.a].localCandidates.last
                == Candidate(
                    foundation: "1s", kind: .serverReflexive, priority: 100 << 24 | 65_535 << 8 | 255, endpoint: mapped,
                    base: endpoint("10.0.0.1#5000"), related: endpoint("10.0.0.1#5000")))
    }

    @Test("Without a NAT the host candidate says it all (RFC 8445 §5.1.3)") func redundant() throws {
        var story = Story(a: [Self.a], b: [Self.b])
        story.act(.a) { $0.gather(from: [Self.server], at: $1) }
        let query = try #require(story.take(to: Self.server).first)
        story.inject(try answer(query, mapped: endpoint(Self.a)), from: Self.server, to: query.from)
        story.run(for: .zero)
        #expect(story[.a].localCandidates.count == 1)
        #expect(!story[.a].isGathering)
    }

    @Test("A dead STUN server is asked three times and forgotten") func deadServer() {
        var story = Story(a: [Self.a], b: [Self.b])
        story.act(.a) { $0.gather(from: [Self.server], at: $1) }
        story.run(for: .seconds(9))
        #expect(story.transmitted[.a] == 3)
        story.run(for: .seconds(1))
        #expect(!story[.a].isGathering)
        #expect(story[.a].deadline == nil)
    }

    @Test("Where nothing else works the relayed pair does (RFC 8445 §5.1.2.1)") func relay() {
        var story = Story(a: [Self.a], b: [Self.b]) { from, to, _ in from != endpoint(Self.a) && to != endpoint(Self.a)
        }
        story.act(.a) { $0.addRelayed(Self.relayed, related: nil, rank: 0, at: $1) }
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        #expect(story[.a].selected == Path(local: Self.relayed, remote: endpoint(Self.b)))
        #expect(story[.a].selectedKinds?.local == .relayed)
        #expect(story[.b].selected == Path(local: endpoint(Self.b), remote: Self.relayed))
    }

    @Test("A relay that comes late takes part, and the peer finds it by our checks (RFC 8445 §7.3.1.3)")
    func lateRelay() {
        var story = Story(a: [Self.a], b: [Self.b]) { from, to, _ in from != endpoint(Self.a) && to != endpoint(Self.a)
        }
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        #expect(story[.a].selected == nil)
        story.act(.a) { $0.addRelayed(Self.relayed, related: nil, rank: 0, at: $1) }
        story.run(for: .seconds(1))
        #expect(story[.a].selected == Path(local: Self.relayed, remote: endpoint(Self.b)))
        #expect(story[.b].selectedKinds?.remote == .peerReflexive)
    }

    @Test("Candidates trickle in after their description (RFC 8838 §10)") func trickled() {
        var story = Story(a: [Self.a], b: [Self.b]) { from, _, number in from != endpoint(Self.b) || number > 2 }
        story.describe(to: .a, withCandidates: false)
        #expect(story.transmitted[.a] == 0)
        let candidates = story[.b].localCandidates
        story.act(.a) { $0.addRemote(candidates + candidates, at: $1) }
        #expect(story.transmitted[.a] == 1)
        story.describe(to: .b, withCandidates: false)
        story.run(for: .seconds(2))
        #expect(story[.a].selected == Path(local: endpoint(Self.a), remote: endpoint(Self.b)))
        #expect(story[.b].state == .connected)
    }

    @Test("The address a peer sees of ours is a peer-reflexive candidate (RFC 8445 §7.2.5.3.1)") func peerReflexive() {
        var story = Story(a: ["10.0.0.1#5000"], b: [Self.b])
        story.mapping = [endpoint("10.0.0.1#5000"): endpoint("198.51.100.1#40000")]
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        let found = story[.a].localCandidates.last
        #expect(found?.kind == .peerReflexive)
        #expect(found?.endpoint == endpoint("198.51.100.1#40000"))
        #expect(found?.base == endpoint("10.0.0.1#5000"))
    }

    @Test("What a socket that is gone was for is forgotten") func removed() {
        var story = Story(a: [Self.a, "2001:db8::1#5000"], b: [Self.b], rule: { _, _, _ in false })
        story.describe(to: .a)
        story.act(.a) { agent, _ in
            agent.removeLocal(endpoint(Self.a))
            return []
        }
        let before = story.transmitted[.a]
        story.run(for: .seconds(20))
        #expect(story.transmitted[.a] == before)
        #expect(story[.a].localCandidates.map(\.endpoint) == [endpoint("2001:db8::1#5000")])
    }

    @Test("A triggered check does not wait for its turn") func triggeredAtOnce() {
        var story = Story(a: [Self.a], b: [Self.b], delay: .milliseconds(1)) { _, _, number in number > 1 }
        story.describe(to: .a)
        story.describe(to: .b)
        story.run(for: .milliseconds(5))
        #expect(story[.a].state == .connected)
        #expect(story[.b].state == .connected)
    }
}
