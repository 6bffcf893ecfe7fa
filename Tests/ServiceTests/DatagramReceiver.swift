import Foundation
import Glibc
import Testing

/// What journald or systemd would be: a Unix datagram socket of the test's.
final class DatagramReceiver {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        try #require(
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func next() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        try #require(count >= 0, "no datagram came")
        return Array(buffer.prefix(count))
    }

    func nextText() throws -> String { String(decoding: try next(), as: UTF8.self) }
}

/// A file that stands in for standard error.
final class OutputFile {
    let descriptor: Int32
    private let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    private var position = 0

    init() throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// What was written since the last time.
    func read() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = pread(descriptor, &buffer, buffer.count, position)
        try #require(count >= 0)
        position += count
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
