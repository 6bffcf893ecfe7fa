import Crypto
import ICE
import Media
import SDP
import Wire

extension PeerConnection {
    /// The offer of one audio section; each host candidate is the address of a bound UDP socket.
    ///
    /// Asked again before the answer came, it is the same offer.
    package mutating func createOffer(hostCandidates: [Endpoint], at now: Instant) -> String {
        let agent = agent ?? Agent(role: .controlling, hostAddresses: hostCandidates, randomness: fork())
        let offer =
            local
            ?? AudioDescription(
                formats: configuration.offeredFormats, audioLevelID: configuration.hasAudioLevel ? 1 : nil,
                isReducedSize: configuration.hasNACK, setup: .actpass, fingerprints: [fingerprint],
                ice: ICEDescription(of: agent), source: nil)
        self.agent = agent
        local = offer
        isOfferPending = remote == nil
        return offer.offer(origin: origin).text
    }

    package mutating func acceptAnswer(_ description: String, at now: Instant) throws(Refusal) -> [Output] {
        guard isOfferPending, isLive else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        let answer = try refusing { () throws(AudioDescription.Refusal) in
            try AudioDescription(answeredIn: session)
        }
        let audio = try negotiate(answer, answer.direction.reversed, peer: answer)
        guard answer.setup != .actpass else { throw .unusable(.noDTLSRole) }
        try installTransport(as: answer.setup == .active ? .server : .client, to: answer)
        isOfferPending = false
        stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
        return connect(to: answer, audio, at: now)
    }

    /// The answer to a first offer, or to a later one of the same session (host candidates are then ignored).
    ///
    /// A later offer may change nothing but the direction: the transport stays.
    package mutating func createAnswer(
        toOffer description: String, hostCandidates: [Endpoint], at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        guard isLive, !isOfferPending else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        let offer = try refusing { () throws(AudioDescription.Refusal) in try AudioDescription(offeredIn: session) }
        guard let remote, let local, let negotiated else {
            return try answerFirst(offer, of: session, hostCandidates: hostCandidates, at: now)
        }
        return try answerAgain(offer, of: session, after: remote, local, negotiated)
    }

    private mutating func answerFirst(
        _ offer: AudioDescription, of session: SessionDescription, hostCandidates: [Endpoint], at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        let agent = Agent(role: .controlled, hostAddresses: hostCandidates, randomness: fork())
        var answer = try answer(to: offer, with: configuration.codecs, ice: ICEDescription(of: agent))
        let audio = try negotiate(answer, answer.direction, peer: offer)
        try installTransport(as: answer.setup == .active ? .client : .server, to: offer)
        let stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
        answer.source = Source(ssrc: stream.ssrc, cname: configuration.cname)
        self.agent = agent
        self.stream = stream
        local = answer
        return (write(answer, to: session), connect(to: offer, audio, at: now))
    }

    /// Only the direction may differ from what was agreed on (RFC 3264 §8.4), and the DTLS association stays (RFC 8842 §5.5).
    private mutating func answerAgain(
        _ offer: AudioDescription, of session: SessionDescription, after remote: AudioDescription,
        _ local: AudioDescription, _ negotiated: NegotiatedAudio
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        guard offer.ice.ufrag == remote.ice.ufrag, offer.ice.password == remote.ice.password else {
            throw .iceRestart
        }
        let setup: Setup = transport.role == .client ? .active : .passive
        guard Set(offer.fingerprints) == Set(remote.fingerprints), offer.setup != setup,
            offer.sectionIndex == local.sectionIndex
        else { throw .sessionChanged }
        var answer = try answer(to: offer, with: [negotiated.codec], ice: local.ice)
        answer.setup = setup
        answer.source = local.source
        let audio = try negotiate(answer, answer.direction, peer: offer)
        guard audio.payloadType == negotiated.payloadType else { throw .sessionChanged }
        self.local = answer
        self.remote = offer
        return (write(answer, to: session), renegotiated(audio))
    }

    /// The version counts what is new (RFC 3264 §8).
    private mutating func write(_ answer: AudioDescription, to offer: SessionDescription) -> String {
        var description = answer.answer(to: offer, origin: origin)
        if let lastAnswer, lastAnswer != description {
            sessionVersion += 1
            description.origin = origin
        }
        lastAnswer = description
        return description.text
    }

    private func answer(
        to offer: AudioDescription, with codecs: [Codec], ice: ICEDescription
    ) throws(Refusal) -> AudioDescription {
        try refusing { () throws(AudioDescription.Refusal) in
            var answer = try offer.answer(
                supporting: configuration.audioFormats(codecs),
                order: configuration.prefersOwnCodecOrder ? .own : .offered,
                fingerprint: fingerprint, ice: ice)
            if !configuration.hasAudioLevel { answer.audioLevelID = nil }
            return answer
        }
    }

    /// What the formats of an answer and our side of its direction settle.
    private func negotiate(
        _ answer: AudioDescription, _ direction: Direction, peer: AudioDescription
    ) throws(Refusal) -> NegotiatedAudio {
        try refusing { () throws(AudioDescription.Refusal) in
            try NegotiatedAudio(
                answer: answer, codecs: configuration.codecs, peer: peer, sends: direction.sends,
                receives: direction.receives)
        }
    }

    private mutating func installTransport(as role: DTLSSession.Role, to remote: AudioDescription) throws(Refusal) {
        let fingerprints = remote.fingerprints.compactMap { Fingerprint($0) }
        guard !fingerprints.isEmpty else { throw .unusable(.noFingerprint) }
        transport = SecureTransport(
            role: role, certificate: configuration.certificate, peerFingerprints: fingerprints)
    }

    private mutating func connect(
        to remote: AudioDescription, _ audio: NegotiatedAudio, at now: Instant
    ) -> [Output] {
        self.remote = remote
        negotiated = audio
        sentPackets = audio.hasNACK ? SentPackets() : nil
        state = .connecting
        let candidates = remote.ice.candidates.compactMap(Candidate.init)
        let skipped = remote.ice.candidates.count - candidates.count
        let description = RemoteDescription(
            credentials: Credentials(ufrag: remote.ice.ufrag, password: remote.ice.password),
            candidates: candidates, isLite: remote.ice.isLite)
        return [.negotiated(audio), .stateChanged(.connecting)]
            + (skipped > 0 ? [.diagnostic(.skippedCandidates(skipped))] : [])
            + act(on: agent?.setRemote(description, at: now) ?? [], at: now)
    }

    private mutating func renegotiated(_ audio: NegotiatedAudio) -> [Output] {
        guard audio != negotiated else { return [] }
        negotiated = audio
        if !audio.receives { stream?.forgetReceivedAudio() }
        return [.negotiated(audio)]
    }

    private var fingerprint: String { configuration.certificate.fingerprint.description }

    private var origin: Origin { Origin(sessionID: sessionID, sessionVersion: sessionVersion) }

    /// Randomness for a part, which from then on goes its own way.
    mutating func fork() -> Randomness {
        switch randomness {
        case .system: .system
        case .seeded: .seeded(randomness.next())
        }
    }
}

/// A step of SDP whose refusal becomes the connection's.
private func refusing<Result>(
    _ step: () throws(AudioDescription.Refusal) -> Result
) throws(Refusal) -> Result {
    do {
        return try step()
    } catch {
        throw .unusable(error)
    }
}

extension SessionDescription {
    fileprivate init(refusing text: String) throws(Refusal) {
        do {
            try self.init(parsing: text)
        } catch {
            throw .malformed(error)
        }
    }
}

extension ICEDescription {
    fileprivate init(of agent: Agent) {
        self.init(
            ufrag: agent.credentials.ufrag, password: agent.credentials.password,
            candidates: agent.localCandidates.map { candidate in
                CandidateAttribute(
                    foundation: candidate.foundation, priority: candidate.priority,
                    address: .ip(candidate.endpoint.address), port: candidate.endpoint.port, kind: .host)
            })
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
