import Wire

extension Agent {
    /// A check the peer made of one of our candidates.
    struct PeerCheck: Sendable {
        let path: Path
        let priority: UInt32
        let nominates: Bool
    }

    /// A check that came before the peer's description, and the fragment it was made under.
    struct EarlyRequest: Sendable {
        let remoteUfrag: String
        let check: PeerCheck
    }

    private enum Limit {
        static let earlyRequests = 16
        /// Of ours on one path whose answer may still come.
        static let checks = 8
    }

    /// Answers a check (RFC 8445 §7.3, RFC 8489 §6.3.1 and §9.1.3); before the peer's description is known its
    /// fragment cannot be verified, but our password is, so the answer is the same.
    mutating func handleRequest(_ request: STUNMessage, on path: Path, at now: Instant) -> [Output] {
        guard let username = request.username, request.integrity != nil else {
            return [failure(400, "Bad Request", of: request, on: path, isAuthenticated: false)]
        }
        let ufrags = username.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard ufrags.count == 2, ufrags[0] == credentials.ufrag, request.isAuthentic(key: credentials.key),
            remote == nil || remote?.credentials.ufrag == ufrags[1]
        else {
            return [failure(401, "Unauthorized", of: request, on: path, isAuthenticated: false)]
        }
        let unknown = request.unknownRequiredAttributes
        guard unknown.isEmpty else {
            return [failure(420, "Unknown Attribute", of: request, on: path, extra: [.unknownAttributes(unknown)])]
        }
        guard let priority = request.priority else {
            return [failure(400, "Bad Request", of: request, on: path)]
        }
        guard resolveRoles(with: request) else {
            return [failure(487, "Role Conflict", of: request, on: path)]
        }
        let check = PeerCheck(
            path: path, priority: priority, nominates: request.attributes.contains(.useCandidate))
        let outputs = [success(of: request, on: path)]
        guard remote != nil else {
            if earlyRequests.count < Limit.earlyRequests {
                earlyRequests.append(EarlyRequest(remoteUfrag: ufrags[1], check: check))
            }
            return outputs
        }
        return outputs + accept(check, at: now) + nominateIfDue(at: now) + startChecksIfDue(at: now)
    }

    /// Learns from a check of the peer: a peer-reflexive candidate, a triggered check, a nomination (RFC 8445 §7.3.1.3 to §7.3.1.5).
    mutating func accept(_ check: PeerCheck, at now: Instant) -> [Output] {
        guard let pair = checkList[check.path] ?? addPair(for: check) else { return [] }
        let nominates = check.nominates && role == .controlled
        if nominates { checkList.setNominatedByPeer(pair.path) }
        switch pair.state {
        case .succeeded:
            return nominates ? select(pair.path, at: now) : []
        case .inProgress:
            guard checks.count(where: { $0.path == pair.path }) < Limit.checks else { return [] }
            cancelChecks(of: pair.path)
            checkList.set(.waiting, of: pair.path)
        case .frozen, .waiting, .failed:
            checkList.set(.waiting, of: pair.path)
        }
        checkList.trigger(pair.path)
        return []
    }

    private mutating func addPair(for check: PeerCheck) -> CheckList.Pair? {
        guard let local = localCandidates.first(where: { $0.isBase && $0.base == check.path.local }) else { return nil }
        let known = remote?.candidates.first { $0.endpoint == check.path.remote }
        let candidate =
            known
            ?? Candidate(
                foundation: "prflx \(check.path.remote)", kind: .peerReflexive, priority: check.priority,
                endpoint: check.path.remote)
        let pair = CheckList.Pair(local: local, remote: candidate)
        return checkList.add(pair) ? pair : nil
    }

    private mutating func cancelChecks(of path: Path) {
        for index in checks.indices where checks[index].path == path && checks[index].purpose == .connectivity {
            checks[index].isCancelled = true
        }
    }

    /// Repairs a conflict by the tie-breakers (RFC 8445 §7.3.1.1); false if it is the peer who must change its role.
    private mutating func resolveRoles(with request: STUNMessage) -> Bool {
        for attribute in request.attributes {
            switch (role, attribute) {
            case (.controlling, .iceControlling(let other)):
                guard tieBreaker < other else { return false }
                role = .controlled
                return true
            case (.controlled, .iceControlled(let other)):
                guard tieBreaker >= other else { return false }
                role = .controlling
                return true
            default: continue
            }
        }
        return true
    }

    private func success(of request: STUNMessage, on path: Path) -> Output {
        let response = STUNMessage(
            .success, transactionID: request.transactionID, attributes: [.xorMappedAddress(path.remote)])
        return .transmit(response.encoded(key: credentials.key), from: path.local, to: path.remote)
    }

    private func failure(
        _ code: Int, _ reason: String, of request: STUNMessage, on path: Path, isAuthenticated: Bool = true,
        extra: [STUNAttribute] = []
    ) -> Output {
        let response = STUNMessage(
            .failure, transactionID: request.transactionID,
            attributes: [.errorCode(code, reason: reason)] + extra)
        let key = isAuthenticated ? credentials.key : nil
        return .transmit(response.encoded(key: key), from: path.local, to: path.remote)
    }
}
