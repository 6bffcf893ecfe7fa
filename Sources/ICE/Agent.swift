import Wire

/// A full ICE agent (RFC 8445) for one data stream of one component, with regular nomination.
///
/// Deviations: a peer-reflexive candidate of our own adds no pair, as it would be sent from the same socket; the
/// pair keeps its base. A restart (§9) is another agent, made by ``init(restarting:role:)``.
package struct Agent: Sendable {
    package enum Role: Sendable, Equatable { case controlling, controlled }

    package enum State: Sendable, Equatable {
        /// The peer's description is not known yet.
        case new
        case checking
        /// A pair is selected, and the peer consents to it.
        case connected
        case failed(Failure)
    }

    package enum Failure: Sendable, Equatable {
        /// No pair was selected in time.
        case noPath
        /// The peer has not answered on the selected pair for 30 seconds (RFC 7675 §5.1).
        case consentExpired
    }

    package enum Input: Sendable { case deadlineReached }

    package enum Output: Sendable, Equatable {
        case transmit([UInt8], from: Endpoint, to: Endpoint)
        /// Datagrams come and go on this path: it may be used until one is selected (RFC 8445 §12.1).
        case valid(Path)
        case selected(Path)
        case stateChanged(State)
    }

    enum Timing {
        /// Ta (RFC 8445 §14.2).
        static let pace = Duration.milliseconds(50)
        static let minimumRTO = Duration.milliseconds(500)
        /// How long a controlling agent waits for a better pair than the one that works.
        static let nominationDelay = Duration.milliseconds(250)
        /// How long without a selected pair is a failure: all transmissions of one check (RFC 8863 §4).
        static let patience = Duration.milliseconds(23_500)
    }

    package let credentials: Credentials
    package internal(set) var localCandidates: [Candidate]
    /// As offers and answers say it, until the peer turns out to think the same of itself.
    package var role: Role
    package internal(set) var state = State.new
    package internal(set) var selected: Path?
    /// Measured by the last check that was answered at its first transmission.
    package internal(set) var roundTripTime: Duration?

    let tieBreaker: UInt64
    var randomness: Randomness
    var remote: RemoteDescription?
    var checkList = CheckList()
    var checks: [Check] = []
    var queries: [Query] = []
    var earlyRequests: [EarlyRequest] = []
    var consent: Consent?
    /// When the next check may start; its absence lets one start at once.
    var nextCheckAt: Instant?
    var patienceEndsAt: Instant?
    var nominationDueAt: Instant?

    package init(role: Role, hostAddresses: [Endpoint], randomness: Randomness) {
        self.role = role
        self.randomness = randomness
        localCandidates = Candidate.host(hostAddresses)
        credentials = Credentials(using: &self.randomness)
        tieBreaker = self.randomness.next()
    }

    /// An agent with the candidates of another one and new credentials (RFC 8445 §9).
    package init(restarting other: borrowing Agent, role: Role, randomness: Randomness) {
        self.init(role: role, hostAddresses: [], randomness: randomness)
        localCandidates = other.localCandidates.filter { $0.kind != .peerReflexive }
    }

    /// The addresses of bound UDP sockets, the first preferred; to be known before the peer's description.
    package mutating func setHostAddresses(_ addresses: [Endpoint]) {
        localCandidates = Candidate.host(addresses)
    }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        switch state {
        case .new: return queries.lazy.map(\.retransmission.nextAt).min()
        case .failed: return nil
        case .checking, .connected:
            let query = queries.lazy.map(\.retransmission.nextAt).min()
            let retransmission = checks.lazy.filter { !$0.isCancelled }.map(\.retransmission.nextAt).min()
            let check = earliest(retransmission, checkList.hasWaiting ? nextCheckAt : nil)
            let decision = earliest(patienceEndsAt, mayNominate ? nominationDueAt : nil)
            return earliest(earliest(query, check), earliest(decision, consent?.deadline))
        }
    }

    /// Where datagrams may be sent now: the selected path, until there is one the best that works.
    package var path: Path? {
        switch state {
        case .new, .failed: nil
        case .checking, .connected: selected ?? checkList.bestValid(role)?.path
        }
    }

    /// Starts the checks; requests of the peer that came earlier are taken up (RFC 8445 §7.3).
    package mutating func setRemote(_ description: RemoteDescription, at now: Instant) -> [Output] {
        guard state == .new else { return [] }
        remote = description
        state = .checking
        if description.isLite { role = .controlling }
        checkList = CheckList(local: localCandidates, remote: description.candidates, role: role)
        patienceEndsAt = now + Timing.patience
        let requests = earlyRequests
        earlyRequests = []
        var outputs = [Output.stateChanged(.checking)]
        for request in requests where request.remoteUfrag == description.credentials.ufrag {
            outputs += accept(request.check, at: now)
        }
        return outputs + startChecksIfDue(at: now)
    }

    /// Goes without ICE, which the peer does not speak, on the path that its description names or its datagrams come on; it
    /// consents by having said so (RFC 7675 §5.1 does not apply).
    package mutating func settle(on path: Path) -> [Output] {
        guard path != selected || state != .connected else { return [] }
        (state, selected, remote) = (.connected, path, nil)
        return [.stateChanged(.connected), .selected(path)]
    }

    /// Takes in a datagram that is STUN (RFC 7983); anything else, and what nobody asked for, changes nothing.
    package mutating func receive(
        _ datagram: Span<UInt8>, from source: Endpoint, to local: Endpoint, at now: Instant
    ) -> [Output] {
        guard let message = try? STUNMessage(parsing: datagram) else { return [] }
        return receive(message, on: Path(local: local, remote: source), at: now)
    }

    package mutating func receive(_ message: STUNMessage, on path: Path, at now: Instant) -> [Output] {
        if case .failed = state { return [] }
        guard message.method == STUNMessage.binding, localCandidates.contains(where: { $0.base == path.local }) else {
            return []
        }
        return switch message.kind {
        case .request: handleRequest(message, on: path, at: now)
        case .success, .failure: handleAnswer(message, on: path) ?? handleResponse(message, on: path, at: now)
        case .indication: []
        }
    }

    /// Whether a message is a check of our credentials, or the answer to one of our questions.
    package func isConcerned(by message: STUNMessage) -> Bool {
        switch message.kind {
        case .request: message.username?.hasPrefix(credentials.ufrag + ":") == true
        case .success, .failure:
            checks.contains { $0.id == message.transactionID } || queries.contains { $0.id == message.transactionID }
        case .indication: false
        }
    }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.new, .deadlineReached): return askAgain(at: now)
        case (.failed, .deadlineReached): return []
        case (.checking, .deadlineReached), (.connected, .deadlineReached):
            if let patienceEndsAt, now >= patienceEndsAt { return fail(.noPath) }
            if let consent, now >= consent.expiresAt { return fail(.consentExpired) }
            return askAgain(at: now) + retransmit(at: now) + nominateIfDue(at: now) + startChecksIfDue(at: now)
                + askConsentIfDue(at: now)
        }
    }

    /// Whether a check has shown that datagrams come and go on this path.
    package func isValid(_ path: Path) -> Bool {
        path == selected || checkList[path]?.state == .succeeded
    }

    /// What the two candidates of the selected path are.
    package var selectedKinds: (local: Candidate.Kind, remote: Candidate.Kind)? {
        selected.flatMap { checkList[$0] }.map { ($0.local.kind, $0.remote.kind) }
    }

    private mutating func fail(_ failure: Failure) -> [Output] {
        state = .failed(failure)
        checks = []
        queries = []
        consent = nil
        return [.stateChanged(state)]
    }
}
