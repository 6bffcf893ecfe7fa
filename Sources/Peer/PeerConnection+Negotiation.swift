import Crypto
import ICE
import Media
import SDP
import Wire

extension PeerConnection {
    /// The offer of one audio section, with the candidates there are; a later one has the codec in use first and all others
    /// after it, and another ICE only after ``restart(hostAddresses:)``. Whether the peer holds the call is for its answer to say
    /// (RFC 6337 §5.3).
    ///
    /// Asked again before the answer came, it is the same offer.
    package mutating func createOffer(at now: Instant) -> String {
        guard let local, let remote, let remoteSession, let codec = agreedAudio?.codec else {
            return createFirstOffer()
        }
        var offer = local
        offer.formats = configuration.offeredFormats(
            preferring: codec, known: agreedFormats + local.formats + remote.formats)
        offer.setup = .actpass
        offer.direction = .sendrecv
        if let offeredSource { offer.source = Source(ssrc: offeredSource, cname: configuration.cname) }
        if let successor, let address = remote.address {
            offer.address = successor.address(for: address.rtp.address).map(MediaAddress.init) ?? offer.address
        } else if let successor {
            offer.ice = ICEDescription(of: successor)
        }
        let pending = pendingOffer ?? offer
        pendingOffer = pending
        return write(pending.answer(to: remoteSession, origin: origin))
    }

    /// Whether an offer of ours waits for its answer.
    package var isOffering: Bool { pendingOffer != nil }

    private mutating func createFirstOffer() -> String {
        agent.role = .controlling
        let offer = pendingOffer ?? makeFirstOffer()
        pendingOffer = offer
        return write(offer.offer(origin: origin))
    }

    private mutating func makeFirstOffer() -> AudioDescription {
        var offer = AudioDescription(
            formats: configuration.offeredFormats, audioLevelID: configuration.hasAudioLevel ? 1 : nil,
            isReducedSize: configuration.hasNACK, setup: .actpass, fingerprints: [fingerprint],
            ice: ICEDescription(of: agent), source: nil)
        guard !configuration.encryptions.contains(.dtls) else { return offer }
        offer.encryption = configuration.encryptions.contains(.sdes) ? .sdes : .plain
        // The profiles that everyone of this kind knows, which are without feedback (RFC 4585 §4).
        offer.transport = offer.encryption == .sdes ? "RTP/SAVP" : "RTP/AVP"
        (offer.mid, offer.isBundled, offer.isReducedSize) = (nil, false, false)
        for index in offer.formats.indices { offer.formats[index].hasNACK = false }
        if offer.encryption == .sdes {
            offer.crypto = CryptoAttribute.Suite.allCases.enumerated().map { key(tag: $0 + 1, $1) }
        }
        return offer
    }

    /// A key of our own, made now unless there is one.
    private mutating func key(
        tag: Int, _ suite: CryptoAttribute.Suite, present: Redacted<[UInt8]>? = nil
    ) -> CryptoAttribute {
        CryptoAttribute(tag: tag, suite: suite, key: present ?? Redacted(randomness.bytes(suite.keyLength)))
    }

    /// Makes new ICE credentials and candidates, which the next offer describes (RFC 8445 §9).
    package mutating func restart(hostAddresses: [Endpoint]) {
        guard isLive, remote != nil, pendingOffer == nil else { return }
        successor = Agent(role: .controlling, hostAddresses: hostAddresses, randomness: fork())
    }

    /// Makes new ICE credentials for the candidates there are: who is to answer the next offer may be somebody else, as when
    /// an INVITE asks for it (RFC 8839 §6.2).
    package mutating func restart() {
        guard isLive, remote != nil, pendingOffer == nil, successor == nil else { return }
        successor = Agent(restarting: agent, role: .controlling, randomness: fork())
        if local?.source != nil { offeredSource = .random(in: 1 ... .max, using: &randomness) }
    }

    /// Whether a restart has begun and neither found a path nor been given up.
    package var isRestarting: Bool { successor != nil }

    /// The offer was refused: all stays as it was (RFC 3261 §14.1).
    package mutating func withdrawOffer() {
        (pendingOffer, offeredSource) = (nil, nil)
        forgetOfferedRestart()
    }

    /// Whoever answers without a restart of its own wants none, but for one that was agreed on before.
    private mutating func forgetOfferedRestart() {
        if successor?.state == .new { successor = nil }
    }

    package mutating func acceptAnswer(_ description: String, at now: Instant) throws(Refusal) -> [Output] {
        guard var offer = pendingOffer, isLive else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        let answer = try refusing { () throws(AudioDescription.Refusal) in
            try AudioDescription(
                section: offer.sectionIndex, answeredIn: session, taking: [offer.encryption])
        }
        offer = try refusing { () throws(AudioDescription.Refusal) in try offer.adapted(to: answer) }
        let audio = try negotiate(answer, answer.direction.reversed, peer: answer)
        guard answer.setup != .actpass else { throw .unusable(.noDTLSRole) }
        let role: DTLSSession.Role = answer.setup == .active ? .server : .client
        guard let remote, let present = agreedAudio else {
            try makeAssociation(as: role, from: offer, to: answer, audio, source: nil)
            stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
            settle(offer, answer, of: session)
            return connect(audio, at: now)
        }
        let restarts = answer.restartsICE(of: remote)
        // Credentials are new in an answer only if they were in the offer (RFC 9429 §5.10). There is no beginning anew with ours
        // as they are: nobody could tell whether a check is of the restart or of what was before.
        guard !restarts || answer.ice == nil || successor?.state == .new else { throw .sessionChanged }
        let isAnother =
            answer.isOfAnotherAssociation(than: remote) || answer.encryption == .dtls && role != associationRole
        let isOtherSource =
            isAnother || audio.codec.clockRate != present.codec.clockRate || offeredSource != nil
        let source = isOtherSource ? newSource(audio.codec) : nil
        if isAnother { try makeAssociation(as: role, from: offer, to: answer, audio, source: source) }
        settle(offer, answer, of: session)
        if let source, offer.source != nil { local?.source = Source(ssrc: source.ssrc, cname: configuration.cname) }
        if !restarts, answer.ice != nil { forgetOfferedRestart() }
        return renegotiated(audio, source, at: now) + begin(at: now)
    }

    /// The answer to a first offer or to a later one, which may change everything: codecs, ICE, even the peer.
    package mutating func createAnswer(
        toOffer description: String, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        guard isLive, pendingOffer == nil else { throw .wrongState }
        let session = try SessionDescription(refusing: description)
        var offer = try refusing { () throws(AudioDescription.Refusal) in
            try AudioDescription(offeredIn: session, taking: configuration.encryptions)
        }
        offer.chooseKey(preferring: remote?.crypto.first)
        guard let remote, let local, let agreedAudio else { return try answerFirst(offer, of: session, at: now) }
        return try answerAgain(offer, of: session, after: remote, local, agreedAudio, at: now)
    }

    private mutating func answerFirst(
        _ offer: AudioDescription, of session: SessionDescription, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        var answer = try answer(to: offer, with: configuration.codecs, of: agent)
        answer.crypto = offer.crypto.map { key(tag: $0.tag, $0.suite) }
        answer.tlsID = offer.tlsID == nil ? nil : newTLSID()
        let audio = try negotiate(answer, answer.direction, peer: offer)
        try makeAssociation(
            as: answer.setup == .active ? .client : .server, from: answer, to: offer, audio, source: nil)
        let stream = AudioStream(codec: audio.codec, cname: configuration.cname, randomness: &randomness)
        answer.source = Source(ssrc: stream.ssrc, cname: configuration.cname)
        agent.role = .controlled
        self.stream = stream
        settle(answer, offer, of: session)
        return (write(answer.answer(to: session, origin: origin)), connect(audio, at: now))
    }

    /// New credentials are an ICE restart (RFC 8839 §4.4.1.1.1), with the candidates we have. Without another fingerprint, role
    /// or `tls-id` the DTLS association stays (RFC 8842 §5.5), and with it the meaning of payload types (RFC 3264 §8.3.2).
    private mutating func answerAgain(
        _ offer: AudioDescription, of session: SessionDescription, after remote: AudioDescription,
        _ local: AudioDescription, _ present: NegotiatedAudio, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        guard offer.sectionIndex == local.sectionIndex else { throw .sessionChanged }
        if let before = remoteInUse, next.takesOver, let role = transport.role, offer.setup != Setup(role),
            offer.isStill(before)
        {
            return try answerReturning(offer, of: session, at: now)
        }
        let restarts = offer.restartsICE(of: remote)
        let heir = restarts ? Agent(restarting: successor ?? agent, role: .controlled, randomness: fork()) : nil
        let setup = associationRole.map(Setup.init)
        let isAnother = offer.isOfAnotherAssociation(than: remote) || offer.setup == setup
        var usable = offer
        if !isAnother { usable.formats.removeAll { $0.rebinds(agreedFormats) } }
        var answer = try answer(
            to: usable, with: configuration.codecs, of: heir ?? successor ?? agent, ice: heir == nil ? local.ice : nil)
        let own = isAnother ? nil : local.crypto.first?.key
        answer.crypto = offer.crypto.map { key(tag: $0.tag, $0.suite, present: own) }
        answer.setup = isAnother ? offer.setup.answer : setup ?? offer.setup.answer
        answer.tlsID = offer.tlsID == nil ? nil : isAnother ? newTLSID() : local.tlsID ?? newTLSID()
        let audio = try negotiate(answer, answer.direction, peer: offer)
        let source = isAnother || audio.codec.clockRate != present.codec.clockRate ? newSource(audio.codec) : nil
        answer.source = source.map { Source(ssrc: $0.ssrc, cname: configuration.cname) } ?? local.source
        if isAnother {
            try makeAssociation(
                as: answer.setup == .active ? .client : .server, from: answer, to: offer, audio, source: source)
        }
        settle(answer, offer, of: session)
        if let heir { successor = heir }
        let outputs = renegotiated(audio, source, at: now) + (restarts || offer.ice == nil ? begin(at: now) : [])
        return (write(answer.answer(to: session, origin: origin)), outputs)
    }

    /// The peer that is heard stays, as another one that was to take its place does not come after all.
    private mutating func answerReturning(
        _ offer: AudioDescription, of session: SessionDescription, at now: Instant
    ) throws(Refusal) -> (description: String, outputs: [Output]) {
        var answer = try answer(to: offer, with: configuration.codecs, of: agent)
        answer.setup = transport.role.map(Setup.init) ?? offer.setup.answer
        let audio = try negotiate(answer, answer.direction, peer: offer)
        let source = audio.codec.clockRate == negotiated?.codec.clockRate ? nil : newSource(audio.codec)
        answer.source = (source?.ssrc ?? stream?.ssrc).map { Source(ssrc: $0, cname: configuration.cname) }
        next = nil
        successor = nil
        settle(answer, offer, of: session)
        return (write(answer.answer(to: session, origin: origin)), renegotiated(audio, source, at: now))
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
        unlatch(from: self.remote, to: remote)
        self.local = local
        self.remote = remote
        remoteSession = session
        (pendingOffer, offeredSource) = (nil, nil)
        if !next.takesOver { remoteInUse = remote }
        // The answer's are what was agreed on: the description with the formats that the other one has as well.
        let formats = local.formats.filter { format in
            remote.formats.contains { $0.payloadType == format.payloadType && $0.hasSameEncoding(as: format) }
        }
        agreedFormats += formats.filter { format in !agreedFormats.contains { $0.payloadType == format.payloadType } }
    }

    /// - Parameter ice: the agent's if nil; the answer has it if the offer has.
    private func answer(
        to offer: AudioDescription, with codecs: [Codec], of agent: Agent, ice: ICEDescription? = nil
    ) throws(Refusal) -> AudioDescription {
        let address = offer.address.flatMap { agent.address(for: $0.rtp.address) }.map(MediaAddress.init)
        guard offer.ice != nil || address != nil else { throw .unusable(.noAddress) }
        return try refusing { () throws(AudioDescription.Refusal) in
            try offer.answer(
                supporting: configuration.audioFormats(codecs), hasAudioLevel: configuration.hasAudioLevel,
                isReducedSize: configuration.hasNACK,
                order: configuration.prefersOwnCodecOrder ? .own : .offered,
                fingerprint: fingerprint, ice: offer.ice == nil ? nil : ice ?? ICEDescription(of: agent),
                address: address)
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

    /// Whoever is there does not come to know of it before the new one is established.
    private mutating func makeAssociation(
        as role: DTLSSession.Role, from local: AudioDescription, to remote: AudioDescription, _ audio: NegotiatedAudio,
        source: RTPSender?
    ) throws(Refusal) {
        let fingerprints = remote.fingerprints.compactMap { Fingerprint($0) }
        guard remote.encryption != .dtls || !fingerprints.isEmpty else { throw .unusable(.noFingerprint) }
        let transport =
            remote.encryption == .dtls
            ? SecureTransport(role: role, certificate: configuration.certificate, peerFingerprints: fingerprints)
            : SecureTransport(keys: SRTPKeys(of: local.crypto.first, remote.crypto.first))
        next = Association(transport: transport, audio: audio, source: source)
        agreedFormats = []
    }

    /// What is agreed on, though it may take another association to come into force.
    private var agreedAudio: NegotiatedAudio? { next.audio ?? negotiated }

    private var associationRole: DTLSSession.Role? { next.role ?? transport.role }

    private mutating func newSource(_ codec: Codec) -> RTPSender {
        RTPSender(codec, ssrc: offeredSource, randomness: &randomness)
    }

    private mutating func newTLSID() -> String { randomness.token(length: 24) }

    private mutating func connect(_ audio: NegotiatedAudio, at now: Instant) -> [Output] {
        negotiated = audio
        sentPackets = audio.hasNACK ? SentPackets() : nil
        state = .connecting
        return [.negotiated(audio), .stateChanged(.connecting)] + begin(at: now)
    }

    /// Another association brings its own with it, when it is established; without an ICE restart it can begin at once.
    private mutating func renegotiated(
        _ audio: NegotiatedAudio, _ source: RTPSender?, at now: Instant
    ) -> [Output] {
        next?.audio = audio
        if next.takesOver {
            if let source { next?.source = source }
            return (successor ?? agent).path == nil ? [] : shakeHands(at: now)
        }
        guard let former = negotiated, audio != former || source != nil else { return [] }
        stream?.change(to: audio.codec, from: former, as: source)
        return use(audio, hasNewSource: source != nil)
    }

    /// What was agreed on with another peer comes into force.
    mutating func meet(_ audio: NegotiatedAudio, as source: RTPSender) -> [Output] {
        isEndedByPeer = false
        stream?.change(to: audio.codec, ofAnotherPeerAs: source)
        return use(audio, hasNewSource: true)
    }

    private mutating func use(_ audio: NegotiatedAudio, hasNewSource: Bool) -> [Output] {
        if audio.hasNACK != negotiated?.hasNACK || hasNewSource { sentPackets = audio.hasNACK ? SentPackets() : nil }
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

extension Setup {
    fileprivate init(_ role: DTLSSession.Role) { self = role == .client ? .active : .passive }
}

extension AudioDescription {
    /// Whether the peer begins ICE anew with this description (RFC 8839 §4.4.1.1.1).
    fileprivate func restartsICE(of before: AudioDescription) -> Bool {
        ice?.ufrag != before.ice?.ufrag || ice?.password != before.ice?.password
    }

    /// Whether nothing of the transport has changed since.
    fileprivate func isStill(_ before: AudioDescription) -> Bool {
        !restartsICE(of: before) && !isOfAnotherAssociation(than: before)
    }

    /// Whether the peer wants another DTLS association or other keys, as far as this side's part in it does not tell (RFC 8842
    /// §3.1); who has not named the present one cannot have renamed it.
    fileprivate func isOfAnotherAssociation(than before: AudioDescription) -> Bool {
        encryption != before.encryption || crypto.first?.key != before.crypto.first?.key
            || Set(fingerprints) != Set(before.fingerprints)
            || tlsID != nil && before.tlsID != nil && tlsID != before.tlsID
    }
}

/// The keys of SDES (RFC 4568).
extension AudioDescription {
    /// Of the keys an offer has, the one in use or else the first is taken (§5.1.2).
    fileprivate mutating func chooseKey(preferring present: CryptoAttribute?) {
        let choice = crypto.first { $0.suite == present?.suite && $0.key == present?.key } ?? crypto.first
        crypto = choice.map { [$0] } ?? []
    }

    /// What the answer leaves of this offer: one key (§5.1.3), and ICE or an address.
    fileprivate func adapted(to answer: AudioDescription) throws(Refusal) -> AudioDescription {
        var offer = self
        if encryption == .sdes {
            let choice = answer.crypto.first
            offer.crypto = crypto.filter { $0.tag == choice?.tag && $0.suite == choice?.suite }
            guard !offer.crypto.isEmpty, answer.crypto.count == 1 else { throw .noUsableKeys }
        }
        guard answer.ice == nil else { return offer }
        offer.address = defaultAddress.map(MediaAddress.init)
        (offer.ice, offer.isMultiplexed) = (nil, answer.isMultiplexed)
        return offer
    }
}

extension MediaAddress {
    fileprivate init(_ address: Endpoint) { self.init(rtp: address, rtcp: address) }
}

extension SRTPKeys {
    fileprivate init?(of own: CryptoAttribute?, _ peers: CryptoAttribute?) {
        guard let own, let peers else { return nil }
        self.init(profile: SRTPProfile(own.suite), sending: own.key.value, receiving: peers.key.value)
    }
}

extension SRTPProfile {
    fileprivate init(_ suite: CryptoAttribute.Suite) {
        self =
            switch suite {
            case .aes128CMSHA1_80: .aes128CMSHA1_80
            case .aeadAES128GCM: .aeadAES128GCM
            case .aeadAES256GCM: .aeadAES256GCM
            }
    }
}

extension AudioFormat {
    /// Whether its payload type has had another meaning.
    fileprivate func rebinds(_ known: [AudioFormat]) -> Bool {
        known.contains { $0.payloadType == payloadType && !$0.hasSameEncoding(as: self) }
    }
}
