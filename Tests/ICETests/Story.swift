import ICE
import Wire

/// Two agents, or one and a scripted peer, in virtual time over a network that delays, loses and blocks.
struct Story {
    struct Datagram {
        var bytes: [UInt8]
        var from: Endpoint
        var to: Endpoint
        var arrivesAt: Instant
    }

    enum Side: Hashable { case a, b }

    /// Whether a datagram gets through, by its path and its number.
    typealias Rule = (_ from: Endpoint, _ to: Endpoint, _ number: Int) -> Bool

    private(set) var now = Instant(nanoseconds: 0)
    private(set) var agents: [Side: Agent] = [:]
    /// Everything but transmissions, in order.
    private(set) var events: [Side: [Agent.Output]] = [.a: [], .b: []]
    private(set) var transmitted: [Side: Int] = [.a: 0, .b: 0]
    private var flying: [Datagram] = []
    private var count = 0
    private let delay: Duration
    /// What the network lets through; may be changed in the middle of a story.
    var rule: Rule
    /// The address a NAT shows instead of a local one.
    var mapping: [Endpoint: Endpoint] = [:]

    init(
        a: [String], b: [String], roles: (Agent.Role, Agent.Role) = (.controlling, .controlled),
        seeds: (UInt64, UInt64) = (1, 2), delay: Duration = .milliseconds(10),
        rule: @escaping Rule = { _, _, _ in true }
    ) {
        self.delay = delay
        self.rule = rule
        agents[.a] = Agent(role: roles.0, hostAddresses: a.map(endpoint), randomness: .seeded(seeds.0))
        agents[.b] = Agent(role: roles.1, hostAddresses: b.map(endpoint), randomness: .seeded(seeds.1))
    }

    subscript(side: Side) -> Agent {
        guard let agent = agents[side] else { fatalError("both sides are there from the start") }
        return agent
    }

    /// Hands one side the description of the other, with or without its candidates.
    mutating func describe(to side: Side, withCandidates: Bool = true, isLite: Bool = false) {
        let other = self[side == .a ? .b : .a]
        let description = RemoteDescription(
            credentials: other.credentials, candidates: withCandidates ? other.localCandidates : [], isLite: isLite)
        act(side) { $0.setRemote(description, at: $1) }
    }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = nextMoment, next <= end {
            now = max(now, next)
            deliver()
            for side in [Side.a, .b] {
                if let deadline = self[side].deadline, deadline <= now {
                    act(side) { $0.handle(.deadlineReached, at: $1) }
                }
            }
        }
        now = end
    }

    /// Sends a datagram of the test's own making.
    mutating func inject(_ bytes: [UInt8], from: Endpoint, to: Endpoint) {
        flying.append(Datagram(bytes: bytes, from: from, to: to, arrivesAt: now))
    }

    /// What is on its way to an address nobody listens at, taken off the network.
    mutating func take(to address: Endpoint) -> [Datagram] {
        defer { flying.removeAll { $0.to == address } }
        return flying.filter { $0.to == address }
    }

    private var nextMoment: Instant? {
        let arrival = flying.map(\.arrivesAt).min()
        return [arrival, self[.a].deadline, self[.b].deadline].reduce(nil, earliest)
    }

    private mutating func deliver() {
        let due = flying.filter { $0.arrivesAt <= now }
        flying.removeAll { $0.arrivesAt <= now }
        for datagram in due {
            let local = mapping.first { $0.value == datagram.to }?.key ?? datagram.to
            for side in [Side.a, .b] where self[side].localCandidates.contains(where: { $0.base == local }) {
                act(side) { $0.receive(datagram.bytes.span, from: datagram.from, to: local, at: $1) }
            }
        }
    }

    mutating func act(_ side: Side, _ body: (inout Agent, Instant) -> [Agent.Output]) {
        var agent = self[side]
        let outputs = body(&agent, now)
        agents[side] = agent
        for output in outputs {
            guard case .transmit(let bytes, let from, let to) = output else {
                events[side, default: []].append(output)
                continue
            }
            transmitted[side, default: 0] += 1
            count += 1
            guard rule(from, to, count) else { continue }
            flying.append(
                Datagram(bytes: bytes, from: mapping[from] ?? from, to: to, arrivesAt: now + delay))
        }
    }
}

func endpoint(_ text: String) -> Endpoint {
    let parts = text.split(separator: "#").map(String.init)
    guard parts.count == 2, let address = IPAddress(parts[0]), let port = UInt16(parts[1]) else {
        fatalError("an address, # and a port")
    }
    return Endpoint(address, port: port)
}
