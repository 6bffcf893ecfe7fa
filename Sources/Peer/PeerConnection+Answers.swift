import Crypto
import ICE
import Media
import SDP
import Wire

/// Answers of ours, to offers of the peer.
extension PeerConnection {
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
}

extension AudioDescription {
    /// Of the keys an offer has, the one in use or else the first is taken (RFC 4568 §5.1.2).
    fileprivate mutating func chooseKey(preferring present: CryptoAttribute?) {
        let choice = crypto.first { $0.suite == present?.suite && $0.key == present?.key } ?? crypto.first
        crypto = choice.map { [$0] } ?? []
    }
}

extension AudioFormat {
    /// Whether its payload type has had another meaning.
    fileprivate func rebinds(_ known: [AudioFormat]) -> Bool {
        known.contains { $0.payloadType == payloadType && !$0.hasSameEncoding(as: self) }
    }
}
