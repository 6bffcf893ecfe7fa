/// The SHA-256 digest of a server's public key, that is of its SubjectPublicKeyInfo in DER (RFC 7469 §2.4).
package struct PublicKeyPin: Hashable, Sendable {
    package let digest: [UInt8]

    /// Nil if these are not the 32 bytes of such a digest.
    package init?(digest: [UInt8]) {
        guard digest.count == 32 else { return nil }
        self.digest = digest
    }
}
