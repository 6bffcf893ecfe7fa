import Crypto
import Testing
import Wire

@testable import Daemon

@Suite struct RotatingCertificateTests {
    @Test("A day's calls show one certificate, the next day's another")
    func day() {
        let start = Instant(nanoseconds: 0)
        let certificate = RotatingCertificate(at: start)
        let first = certificate.current(at: start).fingerprint
        #expect(certificate.current(at: start + .seconds(86_399)).fingerprint == first)
        let second = certificate.current(at: start + .seconds(86_400)).fingerprint
        #expect(second != first)
        #expect(certificate.current(at: start + .seconds(172_799)).fingerprint == second)
    }
}
