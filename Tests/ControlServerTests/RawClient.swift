import Dispatch
import Glibc
import Synchronization

/// A blocking client that knows nothing of the code under test; every wait ends after a time-out.
final class RawClient: Sendable {
    struct Failure: Error { let code: Int32 }

    private let descriptor: Int32
    private let unread = Mutex<[UInt8]>([])

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit { Glibc.close(descriptor) }

    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(code: errno)
        }
    }

    /// Reads until `end` has come, or to the end of the stream if that is nil; what follows stays for the next call.
    func receive(upTo end: String?) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { [self] in
                continuation.resume(
                    with: Result { try unread.withLock { try Self.receive(upTo: end, descriptor, &$0) } })
            }
        }
    }

    private static func receive(upTo end: String?, _ descriptor: Int32, _ unread: inout [UInt8]) throws -> String {
        while true {
            let text = String(decoding: unread, as: UTF8.self)
            if let end, let found = text.firstRange(of: end) {
                unread = Array(text[found.upperBound...].utf8)
                return String(text[..<found.upperBound])
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw Failure(code: errno) }
            guard count > 0 else {
                unread = []
                return text
            }
            unread += buffer[..<count]
        }
    }
}
