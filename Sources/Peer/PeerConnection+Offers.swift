import Crypto
import ICE
import Media
import SDP
import Wire

/// Offers of ours, and the answers to them.
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
        let audio = try negotiate(answer, to: offer, answer.direction.reversed, peer: answer)
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
}

extension AudioDescription {
    /// What the answer leaves of this offer: one key (RFC 4568 §5.1.3), and ICE or an address.
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
