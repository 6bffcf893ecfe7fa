import Audio
import Crypto
import Logging
import Wire

/// Owns the sound of one call: its sockets, its peer connection, its codec and its two devices.
package actor MediaPath {
    package struct Configuration: Sendable {
        /// The local addresses to offer candidates on, one socket each.
        package var addresses: [IPAddress]
        /// The one DTLS shows the peer; calls may share it.
        package var certificate: Certificate
        /// The codecs to offer or accept, the preferred one first.
        package var codecs: [MediaCodec]
        /// RFC 3550 §6.5.1.
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

    package enum Event: Hashable, Sendable {
        /// ICE and DTLS are through: sound flows.
        case connected
        /// Nothing more will flow; the path is closed.
        case failed(MediaFailure)
        /// Said once, after ``MediaPath/close()``.
        case closed
    }

    package struct Statistics: Hashable, Sendable {
        package var codec: MediaCodec?
        package var isConnected = false
        package var isMuted = false
        package var packetsSent: UInt64 = 0
        package var packetsReceived: UInt64 = 0
        package var sent = ToneMeter.Reading(level: ToneMeter.Reading.silence, frequency: nil)
        package var received = ToneMeter.Reading(level: ToneMeter.Reading.silence, frequency: nil)
    }

    /// `onEvent` is called from the path's queue.
    package init(
        configuration: Configuration, source: any AudioSource, sink: any AudioSink, logger: Logger,
        onEvent: @escaping @Sendable (Event) -> Void
    ) {}

    /// The answer to a peer's offer, the first one or a later one (RFC 3264 §8).
    package func answer(offer: String) async throws(MediaFailure) -> String {
        throw .closed
    }

    package func offer() async throws(MediaFailure) -> String {
        throw .closed
    }

    package func accept(answer: String) throws(MediaFailure) {
        throw .closed
    }

    /// A muted path sends silence, so that the peer's timers keep seeing packets.
    package func setMuted(_ isMuted: Bool) {}

    package func close() async {}

    package func statistics() -> Statistics { Statistics() }
}

package enum MediaCodec: String, Hashable, Sendable {
    case opus
    case pcma = "PCMA"
    case pcmu = "PCMU"
}

package enum MediaFailure: Error, Hashable, Sendable {
    /// The description could not be read or has no audio section we can take.
    case unacceptableDescription
    case noCommonCodec
    /// No socket could be opened on any configured address.
    case noTransport
    case iceFailed
    case dtlsFailed
    /// An answer without an offer, or an offer while one is open (RFC 3264 §4).
    case wrongState
    case closed
}
