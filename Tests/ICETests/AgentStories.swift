import ICE
import Testing
import Wire

@Suite("ICE agents") struct AgentStories {
    private static let a4 = "192.0.2.1#5000"
    private static let a6 = "2001:db8::1#5000"
    private static let b4 = "192.0.2.2#6000"
    private static let b6 = "2001:db8::2#6000"

    private static func connected(_ local: String, _ remote: String) -> [Agent.Output] {
        let path = Path(local: endpoint(local), remote: endpoint(remote))
        return [.stateChanged(.checking), .valid(path), .selected(path), .stateChanged(.connected)]
    }

    @Test("Two full agents select the best pair within three round trips (RFC 8445 §2)") func bestPair() {
        var story = Story(a: [Self.a4, Self.a6], b: [Self.b4, Self.b6])
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .milliseconds(60))
        #expect(story.events[.a] == Self.connected(Self.a4, Self.b4))
        #expect(story.events[.b] == Self.connected(Self.b4, Self.a4))
        #expect(story[.a].role == .controlling)
        #expect(story[.a].roundTripTime == .milliseconds(20))
    }

    @Test("The first check leaves at once, the second 50 ms later (RFC 8445 §14.2)") func pacing() {
        var story = Story(a: [Self.a4, Self.a6], b: [Self.b4, Self.b6], rule: { _, _, _ in false })
        story.describe(to: .a)
        #expect(story.transmitted[.a] == 1)
        story.run(for: .milliseconds(49))
        #expect(story.transmitted[.a] == 1)
        story.run(for: .milliseconds(1))
        #expect(story.transmitted[.a] == 2)
    }

    @Test("Checks that come before the answer are answered and taken up afterwards (RFC 8445 §7.3)")
    func earlyChecks() {
        var story = Story(a: [Self.a4], b: [Self.b4])
        story.describe(to: .b)
        story.run(for: .milliseconds(200))
        #expect(story[.a].state == .new)
        story.describe(to: .a, withCandidates: false)
        story.run(for: .milliseconds(60))
        #expect(story.events[.a] == Self.connected(Self.a4, Self.b4))
        #expect(story.events[.b] == Self.connected(Self.b4, Self.a4))
    }

    @Test("Where the best pair is blocked, the next is nominated (RFC 8445 §8.1.1)") func blockedPair() {
        var story = Story(
            a: [Self.a4, Self.a6], b: [Self.b4, Self.b6],
            rule: { from, _, _ in !from.address.isIPv4 })
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .milliseconds(500))
        #expect(story.events[.a] == Self.connected(Self.a6, Self.b6))
        #expect(story.events[.b] == Self.connected(Self.b6, Self.a6))
    }

    @Test(
        "Of two agents in one role the lower tie-breaker changes (RFC 8445 §7.3.1.1)",
        arguments: [Agent.Role.controlling, .controlled], [UInt64(1), 2, 3, 4])
    func roleConflict(role: Agent.Role, seed: UInt64) {
        var story = Story(a: [Self.a4], b: [Self.b4], roles: (role, role), seeds: (seed, seed + 100))
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .milliseconds(700))
        #expect(story[.a].role != story[.b].role)
        #expect(story.events[.a] == Self.connected(Self.a4, Self.b4))
        #expect(story.events[.b] == Self.connected(Self.b4, Self.a4))
    }

    @Test("A lite peer is controlled and never checks (RFC 8445 §6.1.1)") func litePeer() {
        var story = Story(a: [Self.a4], b: [Self.b4], roles: (.controlled, .controlled))
        story.describe(to: .a, isLite: true)
        story.run(for: .milliseconds(60))
        #expect(story[.a].role == .controlling)
        #expect(story.events[.a] == Self.connected(Self.a4, Self.b4))
        #expect(story[.b].state == .new)
    }

    @Test("An agent behind a NAT is reached through its peer-reflexive candidate (RFC 8445 §7.3.1.3)") func nat() {
        var story = Story(a: ["10.0.0.1#5000"], b: [Self.b4]) { from, to, _ in
            from != endpoint(Self.b4) || to != endpoint("10.0.0.1#5000")
        }
        story.mapping = [endpoint("10.0.0.1#5000"): endpoint("198.51.100.1#40000")]
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        #expect(story.events[.a] == Self.connected("10.0.0.1#5000", Self.b4))
        #expect(story.events[.b] == Self.connected(Self.b4, "198.51.100.1#40000"))
    }

    @Test(
        "One of four datagrams lost delay the connection and do not prevent it (RFC 8445 §14.3)",
        arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func loss(seed: UInt64) {
        var story = Story(a: [Self.a4], b: [Self.b4]) { _, _, number in
            var dice = Randomness.seeded(seed &* 1_000 &+ UInt64(number))
            return dice.next() % 4 > 0
        }
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(20))
        #expect(story.events[.a] == Self.connected(Self.a4, Self.b4))
        #expect(story.events[.b] == Self.connected(Self.b4, Self.a4))
    }

    @Test("A dead path is given up after six transmissions of each check (RFC 8489 §6.2.1, RFC 8863 §4)")
    func deadPath() {
        var story = Story(a: [Self.a4], b: [Self.b4], rule: { _, _, _ in false })
        story.describe(to: .a)
        story.run(for: .milliseconds(23_499))
        #expect(story.events[.a] == [.stateChanged(.checking)])
        #expect(story.transmitted[.a] == 6)
        story.run(for: .milliseconds(1))
        #expect(story.events[.a] == [.stateChanged(.checking), .stateChanged(.failed(.noPath))])
        #expect(story[.a].deadline == nil)
    }

    @Test("No pair at all fails as well, unless the peer finds us (RFC 8863 §4)") func noPair() {
        var story = Story(a: [Self.a4], b: [Self.b6])
        story.describe(to: .a)
        story.run(for: .seconds(24))
        #expect(story.events[.a] == [.stateChanged(.checking), .stateChanged(.failed(.noPath))])
        #expect(story.transmitted[.a] == 0)
    }

    @Test("Consent is asked for every four to six seconds and keeps the pair alive (RFC 7675 §5.1)")
    func consentKept() {
        var story = Story(a: [Self.a4], b: [Self.b4])
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        let before = story.transmitted[.a] ?? 0
        story.run(for: .seconds(600))
        #expect(story[.a].state == .connected)
        #expect(story[.b].state == .connected)
        // Its own questions and its answers to the peer's.
        #expect((200...300).contains((story.transmitted[.a] ?? 0) - before))
    }

    @Test(
        "Where a NAT gives the peer another address, it is found and followed (RFC 7675 §5.1)",
        arguments: [Agent.Role.controlling, .controlled])
    func rebinding(role: Agent.Role) {
        let (old, new) = ("198.51.100.1#40000", "198.51.100.1#40001")
        var story = Story(
            a: [Self.a4], b: [Self.b4],
            roles: role == .controlling ? (.controlled, .controlling) : (.controlling, .controlled))
        story.mapping = [endpoint(Self.a4): endpoint(old)]
        story.describe(to: .b, withCandidates: false)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        #expect(story[.b].selected?.remote == endpoint(old))
        story.mapping = [endpoint(Self.a4): endpoint(new)]
        story.rule = { _, to, _ in to != endpoint(old) }
        story.run(for: .seconds(20))
        #expect(story[.b].selected?.remote == endpoint(new))
        story.run(for: .seconds(60))
        #expect(story[.a].state == .connected)
        #expect(story[.b].state == .connected)
    }

    @Test(
        "A network that loses one packet in five does not end a call of three hours (RFC 7675 §5.1)", arguments: 1...3)
    func consentOverLoss(seed: UInt64) {
        final class Luck { var randomness: Randomness; init(_ seed: UInt64) { randomness = .seeded(seed) } }
        let luck = Luck(seed)
        var story = Story(a: [Self.a4], b: [Self.b4])
        story.rule = { _, _, _ in Int.random(in: 0..<5, using: &luck.randomness) > 0 }
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(3 * 3_600))
        #expect(story[.a].state == .connected)
        #expect(story[.b].state == .connected)
    }

    @Test("Consent expires thirty seconds after the last answer (RFC 7675 §5.1)") func consentExpired() {
        var story = Story(a: [Self.a4], b: [Self.b4])
        story.describe(to: .b)
        story.describe(to: .a)
        story.run(for: .seconds(1))
        story.rule = { _, _, _ in false }
        story.run(for: .seconds(23))
        #expect(story[.a].state == .connected)
        story.run(for: .seconds(7))
        #expect(story.events[.a]?.last == .stateChanged(.failed(.consentExpired)))
        #expect(story.events[.b]?.last == .stateChanged(.failed(.consentExpired)))
        #expect(story[.a].deadline == nil)
    }

    @Test("No more than a hundred pairs are checked (RFC 8445 §6.1.2.5)") func limit() {
        final class Seen { var paths: Set<Path> = [] }
        let seen = Seen()
        let hosts = (1...12).map { "192.0.2.\($0)#5000" }
        let others = (101...112).map { "192.0.2.\($0)#6000" }
        var story = Story(a: hosts, b: others) { from, to, _ in
            seen.paths.insert(Path(local: from, remote: to))
            return false
        }
        story.describe(to: .a)
        story.run(for: .seconds(20))
        #expect(seen.paths.count == 100)
    }
}
