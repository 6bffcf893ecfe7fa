import Wire

/// The certificate that calls show, a new one each day for the calls that begin then (RFC 8827 §6.5 wants no longer tie
/// between calls than needed).
package struct RotatingCertificate: Sendable {
    private static let age = Duration.seconds(86_400)

    private var certificate: Certificate
    private var madeAt: Instant

    package init(at now: Instant) {
        certificate = .selfSigned()
        madeAt = now
    }

    package mutating func current(at now: Instant) -> Certificate {
        if now - madeAt >= Self.age { self = RotatingCertificate(at: now) }
        return certificate
    }
}
