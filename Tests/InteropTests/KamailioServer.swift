import Crypto
import Foundation
import Glibc
import Wire

/// A Kamailio of the test's own: a registrar for alice at lab.test on one secure WebSocket port of loopback.
final class KamailioServer {
    enum Failure: Error, CustomStringConvertible {
        case notInstalled
        case noFreePort
        case notReady(log: String)

        var description: String {
            switch self {
            case .notInstalled: "kamailio is not installed; deploy/bootstrap test installs it"
            case .noFreePort: "no free port"
            case .notReady(let log): "kamailio ended before it was ready:\n" + log
            }
        }
    }

    let port: UInt16
    let authorityFile: String
    private let folder: URL
    private let process = Process()

    init() async throws {
        guard
            let program = ["/usr/sbin/kamailio", "/usr/bin/kamailio"].first(where: FileManager.default.isExecutableFile)
        else { throw Failure.notInstalled }
        port = try Self.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "kamailio-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authorityFile = folder.path + "/ca.pem"
        let authority = CertificateAuthority(name: "Kamailio test")
        try authority.write(to: authorityFile)
        try authority.issue(for: ["127.0.0.1"]).write(
            to: folder.path + "/server.pem", keyTo: folder.path + "/server.key")

        process.executableURL = URL(filePath: program)
        process.arguments = [
            "-f", try writeConfiguration(), "-DD", "-E", "-m", "64", "-M", "8", "-Y", folder.path,
            "-P", folder.path + "/pid",
        ]
        try await startUntilReady()
    }

    deinit {
        // It inherited this process's blocked signals, SIGTERM among them, and it is a group of its own.
        if process.isRunning { kill(-process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    private func writeConfiguration() throws -> String {
        let template = try String(
            contentsOf: Bundle.module.resourceURL!.appending(path: "peers/kamailio.cfg"), encoding: .utf8)
        let text = template.replacing("@RUN@", with: folder.path).replacing("@PORT@", with: String(port))
        let file = folder.path + "/kamailio.cfg"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// The configuration logs "ready" once its workers run.
    private func startUntilReady() async throws {
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        let (chunks, continuation) = AsyncStream.makeStream(of: Data.self)
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                continuation.finish()
            } else {
                continuation.yield(data)
            }
        }
        try process.run()
        var log = ""
        for await chunk in chunks {
            log += String(decoding: chunk, as: UTF8.self)
            if log.contains(": ready") { return }
        }
        throw Failure.notReady(log: log)
    }

    private static func freePort() throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
