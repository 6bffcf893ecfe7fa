import Crypto
import ICE
import Media
import SDP
import Wire

extension PeerConnection {
    /// The offer of one audio section, with the candidates there are; a later one has what was agreed on, and another ICE
    /// only after ``restart(hostAddresses:)``. Whether the peer holds the call is for its answer to say (RFC 6337 §5.3).
    ///
    /// Asked again before the answer came, it is the same offer.
    package mutating func createOffer(at now: Instant) -> String {
        guard let local, let remoteSession else { return createFirstOffer() }
        var offer = local
        offer.setup = .actpass
        offer.direction = .sendrecv
        if let successor { offer.ice = ICEDescription(of: successor) }
        let pending = pendingOffer ?? offer
        pendingOffer = pending
        return write(pending.answer(to: remoteSession, origin: origin))
    }

    /// Whether an offer of ours waits for its answer.
    package var isOffering: Bool { pendingOffer != nil }

    private mutating func createFirstOffer() -> String {
        agent.role = .controlling
        let offer =
            pendingOffer
            ?? AudioDescription(
                formats: configuration.offeredFormats, audioLevelID: configuration.hasAudioLevel ? 1 : nil,
                isReducedSize: configuration.hasNACK, setup: .actpass, fingerprints: [fingerprint],
                ice: ICEDescription(of: agent), source: nil)
        pendingOffer = offer
        return write(offer.offer(origin: origin))
    }

    /// Makes new ICE credentials and candidates, which the next offer describes (RFC 8445 §9).
    package mutating func restart(hostAddresses: [Endpoint]) {
        guard isLive, remote != nil, pendingOffer == nil else { return }
        successor = Agent(role: .controlling, hostAddresses: hostAddresses, randomness: fork())
    }

    /// Whether a restart has begun and neither found a path nor been given up.
    package var isRestarting: Bool { successor != nil }

    /// The offer was refused: all stays as it was (RFC 3261 §14.1).
    package mutating func withdrawOffer() {
        pendingOffer = nil
        successor = nil
    }

    package mutating func acceptAnswer(_ description: String, at now: Instant) throws(Refusal) -> [Output] {
        guard let offer = pendingOffer, isLive else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        let answer = try refusing { () throws(AudioDescription.Refusal) in
            try AudioDescription(section: offer.sectionIndex, answeredIn: session)
        }
        let audio = try negotiate(answer, answer.direction.reversed, peer: answer)
        guard answer.setup != .actpass else { throw .unusable(.noDTLSRole) }
        let role: DTLSSession.Role = answer.setup == .active ? .server : .client
        if let remote, let negotiated {
            guard Set(answer.fingerprints) == Set(remote.fingerprints), role == transport.role,
                audio.payloadType == negotiated.payloadType, audio.codec == negotiated.codec
            else { throw .sessionChanged }
            let restarts = answer.ice.ufrag != remote.ice.ufrag
            settle(offer, answer, of: session)
            if !restarts { successor = nil }
            return renegotiated(audio) + begin(at: now)
        }
        try installTransport(as: role, to: answer)
        stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
        settle(offer, answer, of: session)
        return connect(audio, at: now)
    }

    /// The answer to a first offer, or to a later one of the same session, which may change nothing but the direction and
    /// ICE: the DTLS association stays.
    package mutating func createAnswer(
        toOffer description: String, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        guard isLive, pendingOffer == nil else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        let offer = try refusing { () throws(AudioDescription.Refusal) in try AudioDescription(offeredIn: session) }
        guard let remote, let local, let negotiated else { return try answerFirst(offer, of: session, at: now) }
        return try answerAgain(offer, of: session, after: remote, local, negotiated, at: now)
    }

    private mutating func answerFirst(
        _ offer: AudioDescription, of session: SessionDescription, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        var answer = try answer(to: offer, with: configuration.codecs, ice: ICEDescription(of: agent))
        let audio = try negotiate(answer, answer.direction, peer: offer)
        try installTransport(as: answer.setup == .active ? .client : .server, to: offer)
        let stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
        answer.source = Source(ssrc: stream.ssrc, cname: configuration.cname)
        agent.role = .controlled
        self.stream = stream
        settle(answer, offer, of: session)
        return (write(answer.answer(to: session, origin: origin)), connect(audio, at: now))
    }

    /// Only the direction and ICE may differ from what was agreed on (RFC 3264 §8.4), and the DTLS association stays
    /// (RFC 8842 §5.5). New credentials are an ICE restart (RFC 8839 §4.4.1.1.1), with the candidates we have.
    private mutating func answerAgain(
        _ offer: AudioDescription, of session: SessionDescription, after remote: AudioDescription,
        _ local: AudioDescription, _ negotiated: NegotiatedAudio, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        let restarts = offer.ice.ufrag != remote.ice.ufrag || offer.ice.password != remote.ice.password
        let next = restarts ? Agent(restarting: successor ?? agent, role: .controlled, randomness: fork()) : nil
        let setup: Setup = transport.role == .client ? .active : .passive
        guard Set(offer.fingerprints) == Set(remote.fingerprints), offer.setup != setup,
            offer.sectionIndex == local.sectionIndex
        else { throw .sessionChanged }
        var answer = try answer(
            to: offer, with: [negotiated.codec], ice: next.map(ICEDescription.init) ?? local.ice)
        answer.setup = setup
        answer.source = local.source
        let audio = try negotiate(answer, answer.direction, peer: offer)
        guard audio.payloadType == negotiated.payloadType else { throw .sessionChanged }
        settle(answer, offer, of: session)
        if let next { successor = next }
        let outputs = renegotiated(audio) + (restarts ? begin(at: now) : [])
        return (write(answer.answer(to: session, origin: origin)), outputs)
    }

    /// The version counts what is new (RFC 3264 §8).
    private mutating func write(_ description: SessionDescription) -> String {
        var description = description
        if let lastDescription, lastDescription != description {
            sessionVersion += 1
            description.origin = origin
        }
        lastDescription = description
        return description.text
    }

    private mutating func settle(_ local: AudioDescription, _ remote: AudioDescription, of session: SessionDescription)
    {
        self.local = local
        self.remote = remote
        remoteSession = session
        pendingOffer = nil
    }

    private func answer(
        to offer: AudioDescription, with codecs: [Codec], ice: ICEDescription
    ) throws(Refusal) -> AudioDescription {
        try refusing { () throws(AudioDescription.Refusal) in
            try offer.answer(
                supporting: configuration.audioFormats(codecs), hasAudioLevel: configuration.hasAudioLevel,
                isReducedSize: configuration.hasNACK,
                order: configuration.prefersOwnCodecOrder ? .own : .offered,
                fingerprint: fingerprint, ice: ice)
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

    private mutating func connect(_ audio: NegotiatedAudio, at now: Instant) -> [Output] {
        negotiated = audio
        sentPackets = audio.hasNACK ? SentPackets() : nil
        state = .connecting
        return [.negotiated(audio), .stateChanged(.connecting)] + begin(at: now)
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
    mutating func fork() -> Randomness { randomness.fork() }
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
