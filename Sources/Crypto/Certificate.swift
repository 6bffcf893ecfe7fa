import COpenSSL
import Wire

/// A certificate with its private key, which may be shared by any number of sessions.
package final class Certificate: @unchecked Sendable {
    /// A self-signed ECDSA P-256 certificate for DTLS, trusted through its fingerprint alone (RFC 8122 §5).
    package static func selfSigned() -> Certificate { fatalError() }

    private init() {}

    /// The SHA-256 fingerprint, as it goes into SDP.
    package var fingerprint: Fingerprint { fatalError() }

    /// Writes the certificate, and those above it, as PEM, and the key to a file only its owner may read.
    package func write(to certificatePath: String, keyTo keyPath: String) throws(CertificateAuthority.Failure) {}
}
