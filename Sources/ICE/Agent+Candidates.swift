import Wire

/// Candidates beside those of the host: ours as servers tell of them, the peer's as it finds them.
extension Agent {
    /// A question to a STUN server for the address it sees (RFC 8445 §5.1.1.2).
    struct Query: Sendable {
        let id: STUNMessage.TransactionID
        let path: Path
        let bytes: [UInt8]
        var retransmission: Retransmission
    }

    private enum Limit {
        static let queries = 16
        static let transmissions = 3
        static let remoteCandidates = 100
        static let reflexiveCandidates = 16
    }

    /// Whether an answer of a STUN server may still come.
    package var isGathering: Bool { !queries.isEmpty }

    /// Asks STUN servers how each host candidate looks from afar.
    ///
    /// Deviation: the few questions there are go out at once, without pacing (RFC 8445 §14.2).
    package mutating func gather(from servers: [Endpoint], at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for candidate in localCandidates where candidate.kind == .host {
            let reachable = servers.filter { $0.address.isIPv4 == candidate.base.address.isIPv4 }
            for server in reachable where queries.count < Limit.queries {
                let id = STUNMessage.TransactionID(using: &randomness)
                let query = Query(
                    id: id, path: Path(local: candidate.base, remote: server),
                    bytes: STUNMessage(.request, transactionID: id).encoded(),
                    retransmission: Retransmission(rto: Timing.minimumRTO, limit: Limit.transmissions, at: now))
                queries.append(query)
                outputs.append(.transmit(query.bytes, from: query.path.local, to: server))
            }
        }
        return outputs
    }

    /// Takes in the answer of a STUN server; nil if it is not the answer to a question of ours.
    mutating func handleAnswer(_ response: STUNMessage, on path: Path) -> [Output]? {
        guard let index = queries.firstIndex(where: { $0.id == response.transactionID && $0.path == path }) else {
            return nil
        }
        let query = queries.remove(at: index)
        if response.kind == .success, let endpoint = response.mappedEndpoint {
            addReflexive(.serverReflexive, endpoint, base: query.path.local)
        }
        return []
    }

    /// A candidate that makes no pair, as it is sent from the socket of its base (RFC 8445 §6.1.2.4); known already, it
    /// is none (§5.1.3), nor is one too many: a peer may tell us another with each answer.
    mutating func addReflexive(_ kind: Candidate.Kind, _ endpoint: Endpoint, base: Endpoint) {
        guard !localCandidates.contains(where: { $0.endpoint == endpoint && $0.base == base }),
            localCandidates.count(where: { $0.kind == kind }) < Limit.reflexiveCandidates,
            let candidate = localCandidates.first(where: { $0.endpoint == base })
        else { return }
        localCandidates.append(candidate.reflexive(kind, endpoint, foundation: kind == .serverReflexive ? "s" : "p"))
    }

    mutating func askAgain(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        queries = queries.compactMap { query in
            guard query.retransmission.nextAt <= now else { return query }
            var query = query
            guard query.retransmission.advance(at: now) else { return nil }
            outputs.append(.transmit(query.bytes, from: query.path.local, to: query.path.remote))
            return query
        }
        return outputs
    }

    /// A relay lends us an address (RFC 8445 §5.1.1.2); the lower its rank the better the relay.
    ///
    /// One that comes while checks are running takes part in them; the peer learns of it by our checks.
    package mutating func addRelayed(
        _ endpoint: Endpoint, related: Endpoint?, rank: Int, at now: Instant
    ) -> [Output] {
        guard !localCandidates.contains(where: { $0.endpoint == endpoint }) else { return [] }
        let preference = UInt16(truncatingIfNeeded: 65_535 - rank)
        let candidate = Candidate(
            foundation: "r\(rank)", kind: .relayed,
            priority: Candidate.priority(kind: .relayed, localPreference: preference), endpoint: endpoint,
            related: related)
        localCandidates.append(candidate)
        guard state == .checking, let remote else { return [] }
        checkList.add([candidate], remote.candidates, role: role)
        return startChecksIfDue(at: now)
    }

    /// What was sent from this address is sent no more: its socket or its relay is gone.
    package mutating func removeLocal(_ base: Endpoint) {
        localCandidates.removeAll { $0.base == base }
        queries.removeAll { $0.path.local == base }
        checks.removeAll { $0.path.local == base }
        checkList.remove(base)
    }

    /// Candidates of the peer that come after its description (RFC 8838 §10); once a pair is selected they are not
    /// needed.
    package mutating func addRemote(_ candidates: [Candidate], at now: Instant) -> [Output] {
        guard state == .checking, let known = remote?.candidates else { return [] }
        let new = candidates.filter { candidate in !known.contains { $0.endpoint == candidate.endpoint } }
            .prefix(max(0, Limit.remoteCandidates - known.count))
        remote?.candidates += new
        checkList.add(localCandidates, Array(new), role: role)
        return startChecksIfDue(at: now)
    }
}
