import Crypto
import Synchronization
import Wire

/// The certificate that calls show: each day a new one, for the calls that begin then, so that who sees many calls cannot
/// tell by it that they are of one telephone (RFC 8827 §6.5).
final class RotatingCertificate: Sendable {
    private static let age = Duration.seconds(86_400)

    private let latest: Mutex<(certificate: Certificate, madeAt: Instant)>

    init(at now: Instant) {
        latest = Mutex((.selfSigned(), now))
    }

    func current(at now: Instant) -> Certificate {
        latest.withLock { latest in
            if now - latest.madeAt >= Self.age { latest = (.selfSigned(), now) }
            return latest.certificate
        }
    }
}
