import Crypto
import Foundation
import Glibc
import Wire

/// A Kamailio of the test's own: a registrar with digest on a WebSocket and a secure WebSocket port, with SIPp behind it.
final class KamailioServer {
    enum Failure: Error, CustomStringConvertible {
        case notInstalled
        case noFreePort

        var description: String {
            switch self {
            case .notInstalled: "kamailio is not installed; deploy/bootstrap test installs it"
            case .noFreePort: "no free port"
            }
        }
    }

    let address: String
    /// Of the secure WebSocket.
    let port: UInt16
    let clearPort: UInt16
    /// Over UDP, for SIPp.
    let plainPort: UInt16
    let authority = CertificateAuthority(name: "Kamailio test")
    let folder: URL
    private let command: [String]
    private let namespace: String?
    private var program: Program?

    /// - Parameters:
    ///   - names: what its certificate is for.
    ///   - namespace: the network namespace it runs in.
    ///   - sippPort: where SIPp takes calls to `sipp`.
    ///   - platformPort: where requests to the platform go; without one they are all fine.
    ///   - asksForCertificate: whether clients have to show one of ``authority``.
    init(
        address: String = "127.0.0.1", names: [String] = ["127.0.0.1"], namespace: String? = nil,
        sippPort: UInt16 = 9, platformPort: UInt16? = nil, asksForCertificate: Bool = false
    ) async throws {
        guard
            let program = ["/usr/sbin/kamailio", "/usr/bin/kamailio"].first(where: FileManager.default.isExecutableFile)
        else { throw Failure.notInstalled }
        self.address = address
        port = try Self.freePort(.stream)
        clearPort = try Self.freePort(.stream)
        plainPort = try Self.freePort(.datagram)
        folder = FileManager.default.temporaryDirectory.appending(path: "kamailio-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        command = [
            program, "-f", folder.path + "/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8", "-Y", folder.path,
            "-P", folder.path + "/pid",
        ]
        self.namespace = namespace
        try authority.write(to: authorityFile)
        try authority.issue(for: names).write(to: folder.path + "/server.pem", keyTo: folder.path + "/server.key")
        let platform = platformPort.map { "$ru = \"sip:PBX@\(address):\($0)\"; t_relay();" }
        try writeConfiguration([
            "SIPPPORT": "\(sippPort)", "ASKS": asksForCertificate ? "yes" : "no",
            "PBX": platform ?? "sl_send_reply(\"200\", \"OK\");",
        ])
        try await start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    var authorityFile: String { folder.path + "/ca.pem" }
    var uri: String { "wss://\(address):\(port)" }

    func kill() {
        program?.kill()
    }

    private func writeConfiguration(_ more: [String: String]) throws {
        let template = try String(
            contentsOf: Bundle.module.resourceURL!.appending(path: "peers/kamailio.cfg"), encoding: .utf8)
        var text = template
        let own = [
            "RUN": folder.path, "ADDRESS": address, "PORT": "\(port)", "CLEARPORT": "\(clearPort)",
            "PLAINPORT": "\(plainPort)",
        ]
        for (name, value) in own.merging(more, uniquingKeysWith: { $1 }) {
            text.replace("@\(name)@", with: value)
        }
        try text.write(toFile: folder.path + "/kamailio.cfg", atomically: true, encoding: .utf8)
    }

    /// Returns when its workers run, which the configuration logs as "ready".
    func start() async throws {
        let program = try Program(command, in: namespace, reading: .errors, home: folder.path)
        self.program = program
        try await program.line(containing: ": ready")
    }

    enum SocketType { case stream, datagram }

    static func freePort(_ type: SocketType) throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32((type == .stream ? SOCK_STREAM : SOCK_DGRAM).rawValue), 0)
        defer { Glibc.close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard result else { throw Failure.noFreePort }
        return UInt16(bigEndian: address.sin_port)
    }
}
