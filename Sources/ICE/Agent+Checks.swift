import Wire

extension Agent {
    /// Starts the checks the peer's have triggered, and the next one if the pace allows it (RFC 8445 §6.1.4.2).
    ///
    /// Deviation: a triggered check does not wait for its turn; it is one datagram for one of the peer's.
    mutating func startChecksIfDue(at now: Instant) -> [Output] {
        guard remote != nil else { return [] }
        var outputs: [Output] = []
        while let pair = checkList.takeTriggered() { outputs += start(.connectivity, on: pair, at: now) }
        if let nextCheckAt, now < nextCheckAt { return outputs }
        guard let pair = checkList.takeWaiting(role) else { return outputs }
        nextCheckAt = now + Timing.pace
        return outputs + start(.connectivity, on: pair, at: now)
    }

    /// Names the pair to be used, once it is the best there can be or waiting for a better one has lasted long
    /// enough (RFC 8445 §8.1.1).
    mutating func nominateIfDue(at now: Instant) -> [Output] {
        guard mayNominate, let pair = checkList.bestValid(role) else { return [] }
        let dueAt = nominationDueAt ?? now + Timing.nominationDelay
        nominationDueAt = dueAt
        guard now >= dueAt || !checkList.mayImprove(on: pair, role: role) else { return [] }
        return start(.nomination, on: pair, at: now)
    }

    /// Whether a pair works and it is ours to say that it shall be used.
    var mayNominate: Bool {
        role == .controlling && selected == nil && !checks.contains { $0.purpose == .nomination }
            && checkList.bestValid(role) != nil
    }

    /// Sends again what was not answered, and gives up what never will be.
    mutating func retransmit(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        var remaining: [Check] = []
        for var check in checks {
            if now < check.retransmission.nextAt {
                remaining.append(check)
            } else if !check.isCancelled, check.retransmission.advance(at: now) {
                outputs.append(.transmit(check.bytes, from: check.path.local, to: check.path.remote))
                remaining.append(check)
            } else {
                noteFailure(of: check)
            }
        }
        checks = remaining
        return outputs
    }

    /// Sends the next question for consent, every five seconds give or take one (RFC 7675 §5.1).
    mutating func askConsentIfDue(at now: Instant) -> [Output] {
        guard let due = consent, now >= due.nextAt else { return [] }
        consent?.asked(at: now, using: &randomness)
        guard let selected, let pair = checkList[selected] else { return [] }
        return start(.consent, on: pair, at: now)
    }

    private mutating func start(_ purpose: Check.Purpose, on pair: CheckList.Pair, at now: Instant) -> [Output] {
        guard let remote else { return [] }
        let request = STUNMessage(
            .request, transactionID: STUNMessage.TransactionID(using: &randomness),
            attributes: [
                .username("\(remote.credentials.ufrag):\(credentials.ufrag)"),
                .priority(pair.local.peerReflexivePriority),
                role == .controlling
                    ? .iceControlling(tieBreaker: tieBreaker) : .iceControlled(tieBreaker: tieBreaker),
            ] + (purpose == .nomination ? [.useCandidate] : []))
        let bytes = request.encoded(key: remote.credentials.key)
        let rto = max(Timing.minimumRTO, Timing.pace * checkList.activeCount)
        checks.append(
            Check(
                id: request.transactionID, path: pair.path, purpose: purpose, role: role, bytes: bytes, rto: rto,
                at: now))
        return [.transmit(bytes, from: pair.path.local, to: pair.path.remote)]
    }

    /// Takes in the answer to a check (RFC 8445 §7.2.5); one that is not authentic is as good as lost.
    mutating func handleResponse(_ response: STUNMessage, on path: Path, at now: Instant) -> [Output] {
        guard let index = checks.firstIndex(where: { $0.id == response.transactionID }), let remote,
            response.isAuthentic(key: remote.credentials.key)
        else { return [] }
        let check = checks.remove(at: index)
        if response.errorCode == 487 { return repairRole(of: check, at: now) }
        guard response.kind == .success, let mapped = response.mappedEndpoint, check.path == path,
            response.unknownRequiredAttributes.isEmpty
        else {
            noteFailure(of: check)
            return nominateIfDue(at: now) + startChecksIfDue(at: now)
        }
        if check.retransmission.wasSentOnce { roundTripTime = now - check.startedAt }
        addReflexive(.peerReflexive, mapped, base: path.local)
        return succeed(check, at: now)
    }

    private mutating func succeed(_ check: Check, at now: Instant) -> [Output] {
        switch check.purpose {
        case .consent:
            if check.path == selected { consent?.renewed(at: now) }
            return []
        case .nomination:
            return select(check.path, at: now)
        case .connectivity:
            guard let pair = checkList[check.path] else { return [] }
            let news: [Output] = pair.state == .succeeded ? [] : [.valid(check.path)]
            checkList.set(.succeeded, of: check.path)
            if role == .controlled, pair.isNominatedByPeer { return news + select(check.path, at: now) }
            return news + nominateIfDue(at: now) + startChecksIfDue(at: now)
        }
    }

    /// A pair fails with its check, unless a newer check has taken over or already succeeded.
    private mutating func noteFailure(of check: Check) {
        let isCurrent = !check.isCancelled && checkList[check.path]?.state == .inProgress
        if check.purpose == .nomination || check.purpose == .connectivity && isCurrent {
            checkList.set(.failed, of: check.path)
        }
    }

    /// The peer has our role and the higher tie-breaker: change it and check again (RFC 8445 §7.2.5.1).
    private mutating func repairRole(of check: Check, at now: Instant) -> [Output] {
        if role == check.role { role = role == .controlling ? .controlled : .controlling }
        guard check.purpose == .connectivity else { return [] }
        checkList.set(.waiting, of: check.path)
        checkList.trigger(check.path)
        return startChecksIfDue(at: now)
    }

    /// Uses a nominated pair (RFC 8445 §8.1.2). A later nomination, as RFC 5245's aggressive peers make it, wins
    /// only if its pair is better or the peer has fallen silent on the one in use.
    mutating func select(_ path: Path, at now: Instant) -> [Output] {
        guard path != selected, let pair = checkList[path], pair.state == .succeeded else { return [] }
        if let selected, let current = checkList[selected], consent?.isOverdue(at: now) == false,
            current.priority(role) >= pair.priority(role)
        {
            return []
        }
        let isFirst = selected == nil
        selected = path
        checkList.conclude()
        checks.removeAll { checkList[$0.path]?.state != .inProgress }
        patienceEndsAt = nil
        nominationDueAt = nil
        consent = Consent(at: now, using: &randomness)
        guard isFirst else { return [.selected(path)] }
        state = .connected
        return [.selected(path), .stateChanged(.connected)]
    }
}
