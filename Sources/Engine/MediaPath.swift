import Audio
import Crypto
import Logging
import Network
import Peer
import Wire

/// Owns the sound of one call: its sockets, its peer connection, its codec and its two devices.
///
/// Lives on a serial Dispatch queue it shares with other calls, where sockets and timers enter it without a hop. Whoever made one must
/// ``close()`` it.
package actor MediaPath {
    package struct Configuration: Sendable {
        /// The local addresses to offer candidates on, one socket each.
        package var addresses: [IPAddress]
        /// The one DTLS shows the peer; calls may share it.
        package var certificate: Certificate
        /// The codecs to offer or accept, the preferred one first.
        package var codecs: [MediaCodec]
        /// The canonical name of RTCP (RFC 3550 §6.5.1).
        package var cname: String

        package init(
            addresses: [IPAddress], certificate: Certificate, codecs: [MediaCodec] = [.opus, .pcma, .pcmu],
            cname: String
        ) {
            self.addresses = addresses
            self.certificate = certificate
            self.codecs = codecs
            self.cname = cname
        }
    }

    package enum Event: Equatable, Sendable {
        /// ICE and DTLS are through: sound flows.
        case connected
        /// The peer said that it has stopped; what follows is the signalling's to say.
        case endedByPeer
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
        package var srtpProfile: String?
        /// What the peer is sent, after muting.
        package var sent = ToneMeter.Reading.quiet
        /// What the peer is heard to say.
        package var received = ToneMeter.Reading.quiet
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let executor = MediaQueues.next()
    private let session: MediaSession

    /// `onEvent` is called from the path's queue.
    package init(
        configuration: Configuration, source: any AudioSource, sink: any AudioSink, logger: Logger,
        onEvent: @escaping @Sendable (Event) -> Void
    ) {
        session = MediaSession(
            configuration: configuration, source: source, sink: sink, logger: logger, executor: executor,
            onEvent: onEvent)
    }

    /// The answer to a peer's offer, the first one or a later one (RFC 3264 §8).
    package func answer(offer: String) throws(MediaFailure) -> String { try session.answer(offer: offer) }

    package func offer() throws(MediaFailure) -> String { try session.offer() }

    package func accept(answer: String) throws(MediaFailure) { try session.accept(answer: answer) }

    /// A muted path sends silence, so that the peer goes on receiving packets.
    package func setMuted(_ isMuted: Bool) { session.isMuted = isMuted }

    /// Says goodbye to the peer and gives sockets and devices back.
    package func close() { session.close() }

    package func statistics() -> Statistics { session.statistics }
}

extension ToneMeter.Reading {
    static let quiet = ToneMeter.Reading(level: silence, frequency: nil)
}
