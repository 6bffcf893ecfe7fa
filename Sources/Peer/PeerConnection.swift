import Crypto
import ICE
import Media
import SDP
import Wire

/// One audio session with one peer: what RTCPeerConnection is in a browser, without sockets or clocks.
///
/// Composes SDP, ICE, DTLS-SRTP and RTP. Inputs are descriptions, datagrams and passed deadlines; what is to be
/// done comes back as ``Output``s. After every input ask for ``deadline`` again.
package struct PeerConnection: ~Copyable, Sendable {
    package struct Configuration: Sendable {
        package var certificate: Certificate
        /// In order of preference; also the order of an offer.
        package var codecs: [Codec]
        /// Whether an answer follows our order of codecs instead of the offer's (RFC 3264 §6.1).
        package var prefersOwnCodecOrder: Bool
        /// The canonical name of RTCP (RFC 7022), the same for all streams of one call.
        package var cname: String
        /// Whether Opus may be repeated in the packet after (RFC 2198).
        package var hasRedundancy = false
        /// Whether lost packets are asked for (RFC 4585 §6.2.1).
        package var hasNACK = false
        /// Whether packets say how loud they are (RFC 6464).
        package var hasAudioLevel = false
        /// What is taken; the best of it is offered.
        package var encryptions: Set<MediaEncryption> = [.dtls]

        package init(
            certificate: Certificate, codecs: [Codec] = [.opus, .pcmu, .pcma], prefersOwnCodecOrder: Bool = false,
            cname: String
        ) {
            self.certificate = certificate
            self.codecs = codecs
            self.prefersOwnCodecOrder = prefersOwnCodecOrder
            self.cname = cname
        }
    }

    package enum State: Sendable, Equatable {
        /// Nothing is negotiated yet.
        case new
        /// ICE is looking for a path or DTLS is shaking hands.
        case connecting
        /// Media flows.
        case connected
        case failed(Failure)
        case closed
    }

    package enum Failure: Sendable, Equatable {
        /// No candidate pair worked.
        case noPath
        /// The peer stopped consenting to our packets (RFC 7675), or without ICE sending any.
        case consentLost
        case dtls
        /// The peer's certificate is not the one its description promised (RFC 8122 §6.2).
        case fingerprintMismatch
        /// The handshake ended without a common SRTP profile.
        case noSRTPProfile
    }

    package enum Output: Sendable, Equatable {
        case transmit([UInt8], from: Endpoint, to: Endpoint)
        case stateChanged(State)
        /// The first time, and whenever a later offer changed what was agreed on.
        case negotiated(NegotiatedAudio)
        /// The peer ended its stream, said once: RTCP BYE that nothing followed, or DTLS close_notify.
        case endedByPeer
        /// The peer presses a key of a telephone (RFC 4733).
        case keyPressed(Character)
        /// A candidate of the peer has an mDNS name instead of an address: ``PeerConnection/resolved(_:to:at:)`` takes it.
        case resolve(name: String)
        case diagnostic(Diagnostic)
    }

    package enum Diagnostic: Sendable, Equatable {
        case selectedPair(local: Endpoint, remote: Endpoint)
        /// Candidates that cannot be used: names of hosts, other transports, other components.
        case skippedCandidates(Int)
        case srtpReady(SRTPProfile, Statistics.DTLSRole?)
        /// Sound is not encrypted, as both sides want it.
        case plain
    }

    package enum Input: Sendable { case deadlineReached }

    package internal(set) var state = State.new
    /// What offer and answer agreed on, nil before there were both.
    package internal(set) var negotiated: NegotiatedAudio?

    let configuration: Configuration
    var randomness: Randomness
    let sessionID: UInt64
    var sessionVersion: UInt64 = 0
    var agent: Agent
    /// That of an ICE restart, until it has selected a path; media keeps to the old one's as long (RFC 8445 §9).
    var successor: Agent?
    /// Our latest description that is in force, or the first offer.
    var local: AudioDescription?
    /// What we said last, to tell whether what we say next is anything new.
    var lastDescription: SessionDescription?
    /// An offer of ours without an answer yet.
    var pendingOffer: AudioDescription?
    var remote: AudioDescription?
    /// The source that an offer of ours promises to whoever answers it.
    var offeredSource: UInt32?
    /// The description of the peer that is heard, while another one is to take its place.
    var remoteInUse: AudioDescription?
    /// The session the peer described last, whose sections a later offer of ours keeps (RFC 3264 §8).
    var remoteSession: SessionDescription?
    /// The peer's candidates with mDNS names that nobody has resolved yet.
    var unresolved: [CandidateAttribute] = []
    /// The payload types that offers and answers have agreed on for this peer, which keep their meaning (RFC 3264 §8.3.2).
    var agreedFormats: [AudioFormat] = []
    /// The association in use.
    var transport: SecureTransport?
    /// Whether it does not encrypt.
    var isPlain = false
    /// The one that takes its place as soon as it is established; sound goes on over the other one until then.
    var next: Association?
    var stream: AudioStream?
    /// What was sent last, where the peer may ask for it.
    var sentPackets: SentPackets?
    /// DTLS that came before ICE knew the path, kept for the moment it does.
    var earlyDTLS: [(bytes: [UInt8], path: Path)] = []
    /// Whether the peer goes without ICE, and where its sound comes from then.
    var isWithoutICE = false
    var latch = Latch()
    var isEndedByPeer = false
    /// How much of what is sent the encoder is to expect to be lost, in percent; 0 while redundancy of its own is not worth it,
    /// as where packets repeat one another.
    package internal(set) var expectedLoss = 0
    var packetsDropped: UInt64 = 0
    /// The packet being sent, reused.
    var packet = [UInt8](repeating: 0, count: Self.maximumDatagramLength + SRTPSession.trailerRoom)

    /// What fits every path without fragmentation, tunnels included.
    package static let maximumDatagramLength = DTLSSession.maximumDatagramLength

    package init(configuration: Configuration, randomness: Randomness) {
        self.configuration = configuration
        self.randomness = randomness
        // Positive as a signed number, as JSEP wants it (RFC 8829 §5.2.1).
        sessionID = self.randomness.next() >> 2
        agent = Agent(role: .controlled, hostAddresses: [], randomness: self.randomness.fork())
    }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        guard isLive else { return nil }
        return earliest(
            earliest(agent.deadline, successor?.deadline),
            earliest(earliest(transport.deadline, next.deadline), stream?.deadline))
    }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        guard isLive else { return [] }
        var outputs: [Output] = []
        if let due = agent.deadline, due <= now {
            outputs += act(on: agent.handle(.deadlineReached, at: now), at: now)
        }
        if isLive, let due = successor?.deadline, due <= now {
            outputs += succeed(successor?.handle(.deadlineReached, at: now) ?? [], at: now)
        }
        if isLive, let due = transport.deadline, due <= now {
            outputs += act(onPresent: transport?.handleTimeout(at: now), at: now)
        }
        if isLive, let due = next.deadline, due <= now {
            outputs += act(onNext: next?.transport.handleTimeout(at: now), at: now)
        }
        return outputs + reportIfDue(at: now)
    }

    /// One datagram of any kind, told apart by its first bytes (RFC 7983); media is decrypted in place and goes to
    /// the jitter buffer without allocation.
    package mutating func receive(
        _ datagram: inout MutableSpan<UInt8>, from remote: Endpoint, to local: Endpoint, at now: Instant
    ) -> [Output] {
        guard isLive else { return [] }
        switch PacketKind(datagram.span) {
        case .rtp:
            return receiveRTP(&datagram, on: Path(local: local, remote: remote), at: now)
        case .rtcp: return receiveRTCP(&datagram, on: Path(local: local, remote: remote), at: now)
        case .stun: return receiveSTUN(datagram.span, on: Path(local: local, remote: remote), at: now)
        case .dtls: return receiveDTLS(datagram.span, on: Path(local: local, remote: remote), at: now)
        case .turnChannel, nil:
            packetsDropped += 1
            return []
        }
    }

    /// Says goodbye with RTCP BYE and DTLS close_notify.
    package mutating func close(at now: Instant) -> [Output] {
        guard state != .closed else { return [] }
        let outputs = isLive ? goodbye(at: now) : []
        state = .closed
        return outputs + [.stateChanged(.closed)]
    }

    package var statistics: Statistics {
        var statistics = Statistics()
        statistics.roundTripTime = agent.roundTripTime
        stream?.fill(&statistics)
        statistics.packetsDropped = packetsDropped
        statistics.selectedPair = agent.selected.map { Statistics.Pair(local: $0.local, remote: $0.remote) }
        statistics.localCandidate = agent.selectedKinds.map { Statistics.CandidateKind($0.local) }
        statistics.remoteCandidate = agent.selectedKinds.map { Statistics.CandidateKind($0.remote) }
        statistics.dtlsRole = (transport.role ?? next.role).map(Statistics.DTLSRole.init)
        statistics.encryption = transport.encryption
        statistics.srtpProfile = transport.profile
        statistics.codec = negotiated?.codec
        return statistics
    }

    /// Whether inputs still have a meaning.
    var isLive: Bool {
        switch state {
        case .new, .connecting, .connected: true
        case .failed, .closed: false
        }
    }
}
