import COpenSSL
import Wire

/// One end of a TLS connection: ciphertext in and out, plaintext in and out, and no socket.
///
/// After every call that may throw, and after it threw, ``takeOutput()`` has what is to be sent.
package struct TLSSession: ~Copyable, Sendable {
    /// A client, whose first flight is there to be taken; the name is a host name or an IP address literal.
    package init(client context: TLSContext, serverName: String) {}

    package init(server context: TLSContext) {}

    /// Whether the handshake is over and the peer's certificate, if there must be one, has been accepted.
    package var isEstablished: Bool { false }

    /// Whether the peer said that it will send no more.
    package var isClosedByPeer: Bool { false }

    package mutating func receive(_ ciphertext: Span<UInt8>) throws(TLSFailure) {}

    /// The plaintext that has come in since the last call.
    package mutating func read() -> [UInt8] { [] }

    /// Encrypts, or keeps until the handshake is over.
    package mutating func write(_ plaintext: Span<UInt8>) throws(TLSFailure) {}

    /// The ciphertext to be sent, in order.
    package mutating func takeOutput() -> [UInt8] { [] }

    /// Says that nothing more will be written (close_notify).
    package mutating func shutdown() {}
}
