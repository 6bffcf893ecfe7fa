import Foundation
import Glibc
import Testing

@Suite("The daemon under a service manager", .timeLimit(.minutes(1)))
struct SupervisedDaemonTests {
    private static let activator = "/usr/bin/systemd-socket-activate"

    /// Starts a program and collects what it says on standard error.
    private func start(
        _ executable: URL, _ arguments: [String], _ environment: [String: String]
    ) throws -> (process: Process, log: LineReader) {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return (process, LineReader(errors.fileHandleForReading))
    }

    @Test("It tells when it is ready, how it stands, that it lives, and that it stops; SIGTERM ends it with status 0")
    func notification() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let manager = try NotificationReceiver(folder.path + "/notify")
        let (process, log) = try start(
            Program.url, ["--control-listen", "127.0.0.1:0", "--control-socket", folder.path + "/run/control.sock"],
            ["HOME": folder.path, "NOTIFY_SOCKET": folder.path + "/notify", "WATCHDOG_USEC": "200000"])
        #expect(try manager.next() == "READY=1\nSTATUS=logged out")
        for _ in 1...2 { #expect(try manager.next() == "WATCHDOG=1") }
        let line = try log.next(containing: " ready ")
        #expect(line.contains(" NOTICE   ready address=127.0.0.1:"))
        #expect(line.hasSuffix(" socket=\(folder.path)/run/control.sock state=\(folder.path)/.local/state/phonebard"))
        #expect(FileManager.default.fileExists(atPath: folder.path + "/run/control.sock"))
        process.terminate()
        var word = try manager.next()
        while word == "WATCHDOG=1" { word = try manager.next() }
        #expect(word == "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=stopping")
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/run/control.sock"))
    }

    @Test("A stop waits for a request that is being answered; a second SIGTERM ends that")
    func hastened() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let platform = try SilentListener()
        let socket = folder.path + "/control.sock"
        let (process, log) = try start(
            Program.url,
            [
                "--control-listen", "127.0.0.1:0", "--control-socket", socket, "--limits-grace-period", "5min",
                "--platform-hosts", "025=127.0.0.1:\(platform.port)",
            ],
            ["HOME": folder.path])
        _ = try log.next(containing: " ready ")
        let client = try UnixConnection(socket)
        let body = #"{"un":"1001","pwd":"1001","switchnumber":"02566699734"}"#
        client.write(
            "POST /v1/getUser HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
        try platform.accept()
        process.terminate()
        _ = try log.next(containing: " stopping")
        process.terminate()
        #expect(try log.next(containing: "ended").contains("ended without waiting"))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test(
        "A socket handed over by systemd-socket-activate is served in place of those configured",
        .enabled(if: FileManager.default.isExecutableFile(atPath: activator), "Debian's package systemd has it"))
    func activation() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let socket = folder.path + "/activated.sock"
        let arguments = ["--listen", socket, "--fdname", "control", "-E", "HOME=" + folder.path]
        let (daemon, lines) = try start(
            URL(filePath: Self.activator), arguments + [Program.url.path], ["HOME": folder.path])
        _ = try lines.next(containing: "Listening on")
        let client = try UnixConnection(socket)
        client.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try lines.next(containing: " ready ").contains(" ready address=\"\" socket=inherited "))
        #expect(try client.read().hasPrefix("HTTP/1.1 200 OK\r\n"))
        daemon.terminate()
        daemon.waitUntilExit()
        #expect(daemon.terminationStatus == 0)
    }

    @Test("Under the journal, which $JOURNAL_STREAM names, what journald does not take keeps its priority")
    func journal() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let outcome = try Program.run(
            ["--log-destination", "journal", "--control-listen", "127.0.0.1:0", "--control-socket", "/nowhere/at/all"],
            in: folder)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("<2>cannot start failure="))
    }
}

/// Lines of a program, waited for one by one.
private final class LineReader {
    private let file: FileHandle
    private var rest: [UInt8] = []

    init(_ file: FileHandle) {
        self.file = file
    }

    func next(containing text: String) throws -> String {
        while true {
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeFirst(end + 1)
                if line.contains(text) { return line }
            }
            let more = file.availableData
            try #require(!more.isEmpty, "the program ended without \(text)")
            rest += more
        }
    }
}

/// A server on loopback that takes one connection and says nothing.
private final class SilentListener {
    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let port: UInt16

    init() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 1) | getsockname(descriptor, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(result == 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// Waits for the connection, which stays open.
    func accept() throws {
        try #require(Glibc.accept(descriptor, nil, nil) >= 0)
    }
}

/// A Unix socket that gives up after ten seconds.
private class UnixSocket {
    let descriptor: Int32

    init(_ type: __socket_type, _ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
        descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    func read() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        try #require(count > 0)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

private final class NotificationReceiver: UnixSocket {
    init(_ path: String) throws {
        try super.init(SOCK_DGRAM, path) { bind($0, $1, $2) }
    }

    func next() throws -> String { try read() }
}

private final class UnixConnection: UnixSocket {
    init(_ path: String) throws {
        try super.init(SOCK_STREAM, path) { connect($0, $1, $2) }
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
