import Wire

/// The hash of a certificate as SDP writes it: `sha-256 AB:CD:…` (RFC 8122 §5).
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"
    }

    package let algorithm: Algorithm
    package let bytes: [UInt8]

    /// The two words of an `a=fingerprint` attribute; nil for a hash that is unknown or too weak, and for a wrong length.
    package init?(algorithm: String, value: String) { return nil }

    /// The whole value of an `a=fingerprint` attribute.
    package init?(_ text: String) { return nil }

    /// Pairs of upper-case hexadecimal digits, joined by colons.
    package var value: String { "" }

    package var description: String { "\(algorithm.rawValue) \(value)" }
}
