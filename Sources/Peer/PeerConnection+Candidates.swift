import ICE
import SDP
import Wire

/// The candidates of both sides: ours as sockets, STUN servers and relays give them, the peer's as they become known.
extension PeerConnection {
    private enum Limit {
        static let unresolved = 8
    }

    /// The addresses of bound UDP sockets, the first preferred; to be known before the first description.
    package mutating func setHostAddresses(_ addresses: [Endpoint]) {
        agent.setHostAddresses(addresses)
    }

    /// Asks STUN servers for the addresses they see. A description has the candidates that are known when it is made.
    package mutating func gather(from servers: [Endpoint], at now: Instant) -> [Output] {
        guard isLive else { return [] }
        return successor == nil
            ? act(on: agent.gather(from: servers, at: now), at: now)
            : succeed(successor?.gather(from: servers, at: now) ?? [], at: now)
    }

    /// Whether an answer of a STUN server may still come.
    package var isGathering: Bool { successor?.isGathering ?? agent.isGathering }

    /// Whether a description made now would have candidates.
    package var hasCandidates: Bool { !(successor ?? agent).localCandidates.isEmpty }

    /// An address lent by a relay, from which datagrams are sent and to which they come like those of a socket.
    package mutating func addRelayed(
        _ endpoint: Endpoint, related: Endpoint?, rank: Int, at now: Instant
    ) -> [Output] {
        guard isLive else { return [] }
        return successor == nil
            ? act(on: agent.addRelayed(endpoint, related: related, rank: rank, at: now), at: now)
            : succeed(successor?.addRelayed(endpoint, related: related, rank: rank, at: now) ?? [], at: now)
    }

    /// A socket or a relay is gone.
    package mutating func removeLocal(_ endpoint: Endpoint) {
        agent.removeLocal(endpoint)
        successor?.removeLocal(endpoint)
    }

    /// Whether datagrams of ours leave from this address, or may have to.
    package func needs(_ local: Endpoint) -> Bool {
        [agent, successor].contains { $0?.localCandidates.contains { $0.base == local } == true }
    }

    /// Candidates that follow their description (RFC 8840 §4); false for what is no fragment or belongs to another one.
    package mutating func addCandidates(fragment text: String, at now: Instant) -> (isTaken: Bool, outputs: [Output]) {
        guard isLive, let remote, let fragment = CandidateFragment(parsing: text),
            fragment.ufrag == nil || fragment.ufrag == remote.ice?.ufrag
        else { return (false, []) }
        let outputs = wait(for: fragment.candidates)
        return (true, outputs + add(fragment.candidates.compactMap(Candidate.init), at: now))
    }

    /// What an mDNS name stands for, nil if nobody knows.
    package mutating func resolved(_ name: String, to address: IPAddress?, at now: Instant) -> [Output] {
        guard isLive else { return [] }
        let named = unresolved.filter { $0.address == .name(name) }
        unresolved.removeAll { $0.address == .name(name) }
        guard let address else { return [] }
        let candidates = named.compactMap { attribute in
            var attribute = attribute
            attribute.address = .ip(address)
            return Candidate(attribute)
        }
        return add(candidates, at: now)
    }

    private mutating func add(_ candidates: [Candidate], at now: Instant) -> [Output] {
        successor == nil
            ? act(on: agent.addRemote(candidates, at: now), at: now)
            : succeed(successor?.addRemote(candidates, at: now) ?? [], at: now)
    }

    /// Hands ICE the description of the peer's side that is now in force.
    mutating func begin(at now: Instant) -> [Output] {
        guard let ice = remote?.ice else { return settleDescribedPath(at: now) }
        let candidates = ice.candidates.compactMap(Candidate.init)
        unresolved = []
        let questions = wait(for: ice.candidates)
        let skipped = ice.candidates.count - candidates.count - unresolved.count
        let description = RemoteDescription(
            credentials: Credentials(ufrag: ice.ufrag, password: ice.password), candidates: candidates,
            isLite: ice.isLite)
        let outputs =
            successor == nil
            ? act(on: agent.setRemote(description, at: now), at: now)
            : succeed(successor?.setRemote(description, at: now) ?? [], at: now)
        return questions + (skipped > 0 ? [.diagnostic(.skippedCandidates(skipped))] : []) + outputs
    }

    /// A name that is being asked for already is not asked for again.
    private mutating func wait(for candidates: [CandidateAttribute]) -> [Output] {
        var outputs: [Output] = []
        for candidate in candidates where candidate.hasLocalName && !unresolved.contains(candidate) {
            guard case .name(let name) = candidate.address, unresolved.count < Limit.unresolved else { continue }
            if !unresolved.contains(where: { $0.address == candidate.address }) { outputs.append(.resolve(name: name)) }
            unresolved.append(candidate)
        }
        return outputs
    }
}

extension CandidateAttribute {
    /// As browsers name their host candidates, for hosts on the same link to resolve (RFC 6762).
    fileprivate var hasLocalName: Bool {
        guard case .name(let name) = address else { return false }
        return name.lowercased().hasSuffix(".local") && component == 1 && transport.uppercased() == "UDP" && port != 0
    }
}

extension ICEDescription {
    /// What a peer-reflexive candidate is known by is its base.
    init(of agent: Agent) {
        self.init(
            ufrag: agent.credentials.ufrag, password: agent.credentials.password, options: ["ice2", "trickle"],
            candidates: agent.localCandidates.filter { $0.kind != .peerReflexive }.map(CandidateAttribute.init))
    }
}

extension CandidateAttribute {
    fileprivate init(_ candidate: Candidate) {
        let (kind, isDerived): (Kind, Bool) =
            switch candidate.kind {
            case .host: (.host, false)
            case .serverReflexive: (.serverReflexive, true)
            case .peerReflexive: (.peerReflexive, true)
            case .relayed: (.relayed, true)
            }
        // Where it comes from must be said, and may be said so (RFC 8839 §5.1).
        let related = candidate.related.map { ("\($0.address)", "\($0.port)") } ?? ("0.0.0.0", "9")
        self.init(
            foundation: candidate.foundation, priority: candidate.priority, address: .ip(candidate.endpoint.address),
            port: candidate.endpoint.port, kind: kind,
            extensions: isDerived
                ? [Extension(name: "raddr", value: related.0), Extension(name: "rport", value: related.1)] : [])
    }
}

extension Candidate {
    /// Nil for what no check can be sent to.
    fileprivate init?(_ attribute: CandidateAttribute) {
        guard let endpoint = attribute.endpoint else { return nil }
        let kind: Candidate.Kind =
            switch attribute.kind {
            case .host, .other: .host
            case .serverReflexive: .serverReflexive
            case .peerReflexive: .peerReflexive
            case .relayed: .relayed
            }
        self.init(
            foundation: attribute.foundation, kind: kind, priority: attribute.priority, endpoint: endpoint)
    }
}
