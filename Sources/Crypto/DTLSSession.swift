import COpenSSL
import Wire

/// One end of a DTLS 1.2 association that agrees on keys for SRTP (RFC 5764): datagrams in and out, and no socket.
package struct DTLSSession: ~Copyable, Sendable {
    package enum Role: Hashable, Sendable { case client, server }

    package enum Failure: Error, Hashable, Sendable {
        /// The peer's certificate is not the one its SDP names (RFC 8122 §6.2).
        case fingerprintMismatch
        /// The peers have no SRTP protection profile in common.
        case noProtectionProfile
        /// Retransmission was given up.
        case timedOut
        /// The peer sent an alert, or something that is not DTLS.
        case protocolViolated(OpenSSLError)
    }

    /// The peer must show a certificate that one of the fingerprints fits.
    package init(role: Role, certificate: Certificate, peerFingerprints: [Fingerprint]) {}

    /// Starts the handshake: a client's first flight is there to be taken.
    package mutating func start() throws(Failure) {}

    package mutating func receive(_ datagram: Span<UInt8>) throws(Failure) {}

    /// The datagrams to be sent, none longer than 1,200 bytes.
    package mutating func takeDatagrams() -> [[UInt8]] { [] }

    /// How long until ``handleTimeout()`` is to be called if nothing comes in before; nil when nothing waits for an answer.
    ///
    /// OpenSSL measures it on the system's own clock.
    package var timeUntilTimeout: Duration? { nil }

    /// Sends the last flight again if its time is up.
    package mutating func handleTimeout() throws(Failure) {}

    /// The SRTP keys, once the handshake is over and the peer's certificate has been accepted.
    package private(set) var keys: SRTPKeys?

    /// Whether the peer said goodbye with close_notify.
    package var isClosedByPeer: Bool { false }

    /// Says goodbye (close_notify).
    package mutating func close() {}
}
