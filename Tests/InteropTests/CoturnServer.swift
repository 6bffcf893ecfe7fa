import Crypto
import Foundation
import Glibc
import Testing

/// coturn on loopback: STUN and TURN over UDP, TCP and TLS.
final class CoturnServer: Sendable {
    static let user = "labu"
    static let password = "labpw"

    let authorityFile: String
    /// Nobody listens there.
    let deadPort: UInt16
    private let port: UInt16
    private let tlsPort: UInt16
    private let program: Program
    private let folder: URL

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "coturn-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authorityFile = folder.path + "/ca.pem"
        let authority = CertificateAuthority(name: "coturn")
        try authority.write(to: authorityFile)
        try authority.issue(for: ["127.0.0.1"]).write(to: folder.path + "/srv.pem", keyTo: folder.path + "/srv.key")
        let first = UInt16.random(in: 20_000...40_000)
        (port, tlsPort, deadPort) = (first, first + 1, first + 2)
        let configuration = """
            listening-ip=127.0.0.1
            relay-ip=127.0.0.1
            listening-port=\(port)
            tls-listening-port=\(tlsPort)
            min-port=49000
            max-port=49900
            fingerprint
            lt-cred-mech
            realm=lab.test
            user=\(Self.user):\(Self.password)
            cert=\(folder.path)/srv.pem
            pkey=\(folder.path)/srv.key
            allow-loopback-peers
            no-multicast-peers
            no-cli
            verbose
            log-file=stdout
            pidfile=\(folder.path)/pid
            userdb=\(folder.path)/db

            """
        try configuration.write(toFile: folder.path + "/turn.conf", atomically: true, encoding: .utf8)
        program = try Program(
            ["/usr/bin/stdbuf", "-oL", "/usr/bin/turnserver", "-c", folder.path + "/turn.conf"], reading: .output,
            home: folder.path)
        try await program.line(containing: "DTLS/UDP listener opened", ":\(tlsPort)")
    }

    deinit {
        program.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    var stun: String { "stun:127.0.0.1:\(port)" }

    func turn(_ transport: String) -> String {
        transport == "tls" ? "turns:127.0.0.1:\(tlsPort)" : "turn:127.0.0.1:\(port)?transport=\(transport)"
    }

    /// What it has said so far.
    var log: String { program.said }
}
