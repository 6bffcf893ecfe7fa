import Crypto
import ICE
import Media
import SDP
import Wire

/// What an offer and its answer settle, whoever made which.
extension PeerConnection {
    /// The version counts what is new (RFC 3264 §8).
    mutating func write(_ description: SessionDescription) -> String {
        var description = description
        if let lastDescription, lastDescription != description {
            sessionVersion += 1
            description.origin = origin
        }
        lastDescription = description
        return description.text
    }

    mutating func settle(_ local: AudioDescription, _ remote: AudioDescription, of session: SessionDescription) {
        unlatch(from: self.remote, to: remote)
        stream?.forgetAttendance()
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

    /// What the formats of an answer, to an `offer` if that is ours, and our side of its direction settle.
    func negotiate(
        _ answer: AudioDescription, to offer: AudioDescription? = nil, _ direction: Direction, peer: AudioDescription
    ) throws(Refusal) -> NegotiatedAudio {
        try refusing { () throws(AudioDescription.Refusal) in
            try NegotiatedAudio(
                answer: answer, to: offer, codecs: configuration.codecs, peer: peer, sends: direction.sends,
                receives: direction.receives)
        }
    }

    /// Whoever is there does not come to know of it before the new one is established.
    mutating func makeAssociation(
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
    var agreedAudio: NegotiatedAudio? { next.audio ?? negotiated }

    var associationRole: DTLSSession.Role? { next.role ?? transport.role }

    mutating func newSource(_ codec: Codec) -> RTPSender {
        RTPSender(codec, ssrc: offeredSource, randomness: &randomness)
    }

    mutating func newTLSID() -> String { randomness.token(length: 24) }

    mutating func connect(_ audio: NegotiatedAudio, at now: Instant) -> [Output] {
        negotiated = audio
        sentPackets = audio.hasNACK ? SentPackets() : nil
        state = .connecting
        return [.negotiated(audio), .stateChanged(.connecting)] + begin(at: now)
    }

    /// Another association brings its own with it, when it is established; without an ICE restart it can begin at once.
    mutating func renegotiated(
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
        followLoss()
        if !audio.receives { stream?.forgetReceivedAudio() }
        if !audio.sends { stream?.forgetKeys() }
        return [.negotiated(audio)]
    }

    /// A key of our own, made now unless there is one.
    mutating func key(
        tag: Int, _ suite: CryptoAttribute.Suite, present: Redacted<[UInt8]>? = nil
    ) -> CryptoAttribute {
        CryptoAttribute(tag: tag, suite: suite, key: present ?? Redacted(randomness.bytes(suite.keyLength)))
    }

    var fingerprint: String { configuration.certificate.fingerprint.description }

    var origin: Origin { Origin(sessionID: sessionID, sessionVersion: sessionVersion) }

    /// Randomness for a part, which from then on goes its own way.
    mutating func fork() -> Randomness { randomness.fork() }
}

/// A step of SDP whose refusal becomes the connection's.
func refusing<Result>(
    _ step: () throws(AudioDescription.Refusal) -> Result
) throws(Refusal) -> Result {
    do {
        return try step()
    } catch {
        throw .unusable(error)
    }
}

extension SessionDescription {
    init(refusing text: String) throws(Refusal) {
        do {
            try self.init(parsing: text)
        } catch {
            throw .malformed(error)
        }
    }
}

extension Setup {
    init(_ role: DTLSSession.Role) { self = role == .client ? .active : .passive }
}

extension AudioDescription {
    /// Whether the peer begins ICE anew with this description (RFC 8839 §4.4.1.1.1).
    func restartsICE(of before: AudioDescription) -> Bool {
        ice?.ufrag != before.ice?.ufrag || ice?.password != before.ice?.password
    }

    /// Whether nothing of the transport has changed since.
    func isStill(_ before: AudioDescription) -> Bool {
        !restartsICE(of: before) && !isOfAnotherAssociation(than: before)
    }

    /// Whether the peer wants another DTLS association or other keys, as far as this side's part in it does not tell (RFC 8842
    /// §3.1); who has not named the present one cannot have renamed it.
    func isOfAnotherAssociation(than before: AudioDescription) -> Bool {
        encryption != before.encryption || crypto.first?.key != before.crypto.first?.key
            || Set(fingerprints) != Set(before.fingerprints)
            || tlsID != nil && before.tlsID != nil && tlsID != before.tlsID
    }
}

extension MediaAddress {
    init(_ address: Endpoint) { self.init(rtp: address, rtcp: address) }
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
