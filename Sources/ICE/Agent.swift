import Wire

/// A full ICE agent (RFC 8445) for one data stream of one component, with host candidates and regular nomination.
///
/// Deviations: a peer-reflexive candidate of our own adds no pair, as it would be sent from the same socket; the
/// pair keeps its host candidate.
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
    package let localCandidates: [Candidate]
    package internal(set) var role: Role
    package internal(set) var state = State.new
    package internal(set) var selected: Path?
    /// Measured by the last check that was answered at its first transmission.
    package internal(set) var roundTripTime: Duration?

    let tieBreaker: UInt64
    var randomness: Randomness
    var remote: RemoteDescription?
    var checkList = CheckList()
    var checks: [Check] = []
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

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        switch state {
        case .new, .failed: return nil
        case .checking, .connected:
            let retransmission = checks.lazy.filter { !$0.isCancelled }.map(\.nextAt).min()
            let check = earliest(retransmission, checkList.hasNext ? nextCheckAt : nil)
            let decision = earliest(patienceEndsAt, mayNominate ? nominationDueAt : nil)
            return earliest(earliest(check, decision), consent?.deadline)
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
        return outputs + startCheckIfDue(at: now)
    }

    /// Takes in a datagram that is STUN (RFC 7983); anything else, and what nobody asked for, changes nothing.
    package mutating func receive(
        _ datagram: Span<UInt8>, from source: Endpoint, to local: Endpoint, at now: Instant
    ) -> [Output] {
        if case .failed = state { return [] }
        guard localCandidates.contains(where: { $0.endpoint == local }),
            let message = try? STUNMessage(parsing: datagram), message.method == STUNMessage.binding
        else { return [] }
        let path = Path(local: local, remote: source)
        return switch message.kind {
        case .request: handleRequest(message, on: path, at: now)
        case .success, .failure: handleResponse(message, on: path, at: now)
        case .indication: []
        }
    }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.new, .deadlineReached), (.failed, .deadlineReached): return []
        case (.checking, .deadlineReached), (.connected, .deadlineReached):
            if let patienceEndsAt, now >= patienceEndsAt { return fail(.noPath) }
            if let consent, now >= consent.expiresAt { return fail(.consentExpired) }
            return retransmit(at: now) + nominateIfDue(at: now) + startCheckIfDue(at: now) + askConsentIfDue(at: now)
        }
    }

    /// Whether a check has shown that datagrams come and go on this path.
    package func isValid(_ path: Path) -> Bool {
        path == selected || checkList[path]?.state == .succeeded
    }

    private mutating func fail(_ failure: Failure) -> [Output] {
        state = .failed(failure)
        checks = []
        consent = nil
        return [.stateChanged(state)]
    }
}
