import Dispatch
import Glibc
import Synchronization
import Wire

/// A blocking TCP client that knows nothing of the code under test; every wait ends after a time-out.
final class RawClient: Sendable {
    struct Failure: Error { let code: Int32 }

    private let descriptor: Int32
    private let unread = Mutex<[UInt8]>([])

    /// Connects to a port of 127.0.0.1; a small receive buffer makes a slow reader felt sooner.
    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = Self.socket(AF_INET)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(to: &address)
    }

    /// Connects to a Unix socket.
    init(path: String) throws {
        descriptor = Self.socket(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        try connect(to: &address)
    }

    private static func socket(_ family: Int32) -> Int32 {
        let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private func connect<Address>(to address: inout Address) throws {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(code: errno) }
            sent += count
        }
    }

    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads until `end` has come, or to the end of the stream if that is nil; what follows stays for the next call.
    func receive(upTo end: String?) async throws -> String {
        try await blocking { [self] in
            try unread.withLock { unread in
                var searched = 0
                while true {
                    if let end, let found = unread.position(after: end, from: searched) {
                        defer { unread.removeSubrange(..<found) }
                        return String(decoding: unread[..<found], as: UTF8.self)
                    }
                    searched = max(0, unread.count - (end?.utf8.count ?? 0))
                    guard try receive(into: &unread) else {
                        defer { unread = [] }
                        return String(decoding: unread, as: UTF8.self)
                    }
                }
            }
        }
    }

    private func receive(into bytes: inout [UInt8]) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failure(code: errno) }
        bytes += buffer[..<count]
        return count > 0
    }
}

extension [UInt8] {
    fileprivate func position(after text: String, from start: Int) -> Int? {
        let wanted = Array(text.utf8)
        guard count >= start + wanted.count else { return nil }
        return (start...count - wanted.count).first { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
            .map { $0 + wanted.count }
    }
}

/// Runs what blocks on a thread that may be blocked.
private func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try work() }) }
    }
}

extension String {
    /// A response without its `Date`, which changes.
    var withoutDate: String {
        split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
            .joined(separator: "\r\n")
    }
}
