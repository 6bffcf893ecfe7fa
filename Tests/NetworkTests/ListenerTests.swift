import Foundation
import Glibc
import HTTP
import HTTPTypes
import Network
import Testing
import Wire

private func server(
    _ listeners: HTTPServer.Listener...,
    onRequest: @escaping HTTPServer.RequestClosure = { $1.respond(.init(status: .ok)) }
) -> HTTPServer {
    HTTPServer(configuration: HTTPServer.Configuration(listeners: listeners), logger: .silent, onRequest: onRequest)
}

/// A folder for sockets, removed with everything in it.
private final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/listener-XXXXXX".utf8CString)
        path = try String(cString: #require(mkdtemp(&template)))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A listening socket as systemd would open it.
private func listeningSocket(at path: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return try listeningSocket(AF_UNIX, &address)
}

private func listeningSocketOnLoopback() throws -> (descriptor: Int32, port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let descriptor = try listeningSocket(AF_INET, &address)
    return (descriptor, address.sin_port.bigEndian)
}

/// Leaves the address it got in `address`.
private func listeningSocket<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    var count = socklen_t(MemoryLayout<Address>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, count) + listen(descriptor, 8) + getsockname(descriptor, $0, &count)
        }
    }
    try #require(result == 0)
    return descriptor
}

private func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
}

@Suite(.timeLimit(.minutes(1)))
struct ListenerTests {
    @Test("A Unix socket is for its user alone, says who connects, and is gone after stop")
    func unixSocket() async throws {
        let folder = try Folder()
        let path = folder.path + "/control"
        let peers = Mailbox<(SocketPeer, Endpoint?)>()
        let server = server(.unix(path: path)) { request, responder in
            peers.post((request.peer, request.local))
            responder.respond(HTTPResponse(status: .noContent))
        }
        #expect(try server.start() == [])
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode == S_IFSOCK | 0o600)
        let client = try RawClient(path: path)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        let (peer, local) = try await peers.next()
        #expect(peer == .process(.init(userID: getuid(), groupID: getgid(), processID: getpid())))
        #expect(local == nil)
        await server.stop()
        #expect(!exists(path))
    }

    @Test("A Unix socket that nobody listens on is replaced, one in use and another file stay")
    func leftBehind() async throws {
        let folder = try Folder()
        let path = folder.path + "/control"
        let orphan = try listeningSocket(at: path)
        let second = server(.unix(path: path))
        #expect(throws: HTTPServer.StartFailure.listen(.unix(path: path), SystemError(call: .bind, code: EADDRINUSE))) {
            try second.start()
        }
        _ = try RawClient(path: path)
        try #require(close(orphan) == 0)
        _ = try second.start()
        _ = try RawClient(path: path)
        await second.stop()

        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(throws: HTTPServer.StartFailure.listen(.unix(path: path), SystemError(call: .bind, code: EADDRINUSE))) {
            try server(.unix(path: path)).start()
        }
        #expect(exists(path))
    }

    @Test("A Unix socket whose path another server has taken over is left to it")
    func takenOver() async throws {
        let folder = try Folder()
        let path = folder.path + "/control"
        let first = server(.unix(path: path))
        _ = try first.start()
        unlink(path)
        let second = server(.unix(path: path))
        _ = try second.start()
        await first.stop()
        _ = try RawClient(path: path)
        await second.stop()
        #expect(!exists(path))
    }

    @Test("A path too long for a Unix socket is said")
    func pathTooLong() {
        let path = "/tmp/" + String(repeating: "x", count: 108)
        #expect(
            throws: HTTPServer.StartFailure.listen(.unix(path: path), SystemError(call: .bind, code: ENAMETOOLONG))
        ) {
            try server(.unix(path: path)).start()
        }
    }

    @Test("A listening socket that was handed over serves, TCP as well as Unix (sd_listen_fds(3))")
    func inherited() async throws {
        let folder = try Folder()
        let path = folder.path + "/control"
        let (tcp, port) = try listeningSocketOnLoopback()
        let unix = try listeningSocket(at: path)
        let peers = Mailbox<SocketPeer>()
        let server = server(.inherited(tcp), .inherited(unix)) { request, responder in
            peers.post(request.peer)
            responder.respond(HTTPResponse(status: .noContent))
        }
        #expect(try server.start() == [Endpoint(.loopback4, port: port)])
        let network = try RawClient(port: port)
        try network.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        guard case .network(let endpoint) = try await peers.next() else {
            Issue.record("not a network peer")
            return
        }
        #expect(endpoint.address == .loopback4)
        let local = try RawClient(path: path)
        try local.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await peers.next() == .process(.init(userID: getuid(), groupID: getgid(), processID: getpid())))
        await server.stop()
        #expect(exists(path))
    }

    @Test("What was handed over and does not listen is refused")
    func inheritedWrong() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(
            throws: HTTPServer.StartFailure.listen(
                .inherited(descriptor: descriptor), SystemError(call: .getsockopt, code: EINVAL))
        ) {
            try server(.inherited(descriptor)).start()
        }
    }
}
