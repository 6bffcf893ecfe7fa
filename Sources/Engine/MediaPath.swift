import Audio
import Crypto
import Logging
import Media
import Network
import Peer
import SDP
import Wire

/// Owns the sound of one call: its sockets, its peer connection, its codec and its two devices.
///
/// Lives on a serial Dispatch queue that it shares with other calls, where sockets and beats enter it without a hop. Whoever
/// made one must ``close()`` it.
package actor MediaPath {
    package struct Configuration: Sendable {
        /// The local addresses to offer candidates on, one socket each.
        package var addresses: [IPAddress]
        /// The one DTLS shows the peer; calls may share it.
        package var certificate: Certificate
        package var ice: ICEConfiguration
        /// The codecs to offer or accept, the preferred one first.
        package var codecs: [MediaCodec]
        /// What is taken; the best of it is offered.
        package var encryptions: Set<MediaEncryption> = [.dtls]
        /// The canonical name of RTCP (RFC 3550 §6.5.1).
        package var cname: String

        package init(
            addresses: [IPAddress], certificate: Certificate, ice: ICEConfiguration = ICEConfiguration(),
            codecs: [MediaCodec] = MediaCodec.allCases,
            cname: String
        ) {
            self.addresses = addresses
            self.certificate = certificate
            self.ice = ice
            self.codecs = codecs
            self.cname = cname
        }
    }

    package enum Event: Equatable, Sendable {
        /// ICE and DTLS are through: sound flows.
        case connected
        /// The peer is not silent any more.
        case heard
        /// The peer said that it has stopped; what follows is the signalling's to say.
        case endedByPeer
        /// The peer presses a key of a telephone (RFC 4733).
        case keyPressed(Character)
        /// The machine's addresses have changed under the call: the peer is to be offered this (an ICE restart, RFC 8445 §9),
        /// and its answer to go to ``MediaPath/accept(answer:)``, its refusal to ``MediaPath/withdrawOffer()``.
        case restarts(offer: Redacted<String>)
        /// The path has closed itself.
        case failed(MediaFailure)
        /// ``MediaPath/close()`` is done.
        case closed
    }

    package struct Statistics: Equatable, Sendable {
        package var codec: MediaCodec?
        package var isConnected = false
        package var isMuted = false
        package var packetsSent: UInt64 = 0
        package var packetsReceived: UInt64 = 0
        package var packetsLost: Int64 = 0
        package var jitter: Duration = .zero
        package var roundTripTime: Duration?
        /// What the addresses in use are: host, srflx, prflx or relay.
        package var localCandidate: String?
        package var remoteCandidate: String?
        /// How sound is protected now, nil before it is.
        package var encryption: MediaEncryption?
        package var srtpProfile: String?
        /// What the peer is sent, after muting.
        package var sent = ToneMeter.Reading.quiet
        /// What the peer is heard to say.
        package var received = ToneMeter.Reading.quiet
        /// How the call sounds, since its beginning.
        package var quality = CallQuality()
        /// How loud the peer says it is, in dB below full scale (RFC 6464).
        package var remoteAttenuation: UInt8?
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { place.executor.asUnownedSerialExecutor() }

    private let place = MediaQueues.place()
    private let session: MediaSession

    /// `onEvent` is called from the path's queue.
    package init(
        configuration: Configuration, source: any AudioSource, sink: any AudioSink, logger: Logger,
        onEvent: @escaping @Sendable (Event) -> Void
    ) {
        session = MediaSession(
            configuration: configuration, source: source, sink: sink, logger: logger, executor: place.executor,
            buffers: place.buffers, onEvent: onEvent)
    }

    /// The answer to a peer's offer, the first one or a later one (RFC 3264 §8).
    package func answer(offer: String) async throws(MediaFailure) -> String {
        try session.open()
        await gathered()
        return try session.answer(offer: offer)
    }

    package func offer() async throws(MediaFailure) -> String {
        try session.open()
        await gathered()
        return try session.offer()
    }

    private func gathered() async {
        await withCheckedContinuation { continuation in session.whenGathered { continuation.resume() } }
    }

    package func accept(answer: String) throws(MediaFailure) { try session.accept(answer: answer) }

    package func withdrawOffer() { session.withdrawOffer() }

    /// Candidates of the peer that come after their description (RFC 8840).
    package func add(candidates fragment: String) { session.add(candidates: fragment) }

    /// The machine has these addresses now, as ``Configuration/addresses`` would name them.
    package func networkChanged(to addresses: [IPAddress]) { session.networkChanged(to: addresses) }

    /// A muted path sends silence, so that the peer goes on receiving packets.
    package func setMuted(_ isMuted: Bool) { session.isMuted = isMuted }

    /// Hands both sides of every frame to a recording from now on, nil to none.
    package func record(to recording: Recording?) { session.recording = recording }

    /// Presses a key of a telephone in place of the voice, as soon as there is sound, and says how long that and the pause after it
    /// take; nil where the peer takes none (RFC 4733), or sound never came or too late for whoever asked.
    package func pressKey(_ key: Character, for duration: Duration, until end: Instant? = nil) async -> Duration? {
        await withCheckedContinuation { continuation in
            session.whenConnectedOrClosed { [session] in
                let isLate = end.map { MonotonicClock.now >= $0 } ?? false
                continuation.resume(returning: isLate ? nil : session.pressKey(key, for: duration))
            }
        }
    }

    /// The statistics with the quality since the last time this was asked.
    package func measure() -> Statistics { session.measure() }

    /// Says goodbye to the peer and gives sockets and devices back.
    package func close() { session.close() }

    package func statistics() -> Statistics { session.statistics() }
}

extension MediaPath.Statistics {
    /// What the counters of a connection say.
    init(_ counters: Peer.Statistics, since before: Peer.Statistics) {
        packetsSent = counters.packetsSent
        packetsReceived = counters.packetsReceived
        packetsLost = counters.packetsLost
        jitter = counters.jitter
        roundTripTime = counters.roundTripTime
        localCandidate = counters.localCandidate?.rawValue
        remoteCandidate = counters.remoteCandidate?.rawValue
        encryption = counters.encryption
        srtpProfile = counters.srtpProfile.map { "\($0)" }
        quality = CallQuality(counters, since: before)
        remoteAttenuation = counters.remoteLevel?.attenuation
    }
}

extension ToneMeter.Reading {
    static let quiet = ToneMeter.Reading(level: silence, frequency: nil)
}
