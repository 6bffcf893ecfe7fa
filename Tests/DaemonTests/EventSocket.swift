import Dispatch
import Foundation
import Synchronization
import Testing
import Wire

#if canImport(Glibc)
    import Glibc
#endif

/// A blocking subscriber on a bare socket, which can end or stop reading at any byte; every wait ends after a time-out.
final class EventSocket: @unchecked Sendable {
    enum Message: Equatable {
        case text(String)
        /// The WebSocket was closed with this code.
        case closed(UInt16)
        /// The connection is gone.
        case ended
    }

    struct Failure: Error { let text: String }

    private let descriptor: Int32
    private var unread: [UInt8] = []
    private var start = 0
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    init(port: UInt16, token: String, after: String?, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            // The server's system buffers some segments before it knows how little is taken; those of loopback are huge.
            var segment: Int32 = 1400
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<Int32>.size))
        }
        try dial(port)
        let query = after.map { "?after=" + $0 } ?? ""
        let request =
            "GET /v1/events\(query) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n"
            + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(text: "the request was not taken")
        }
        try readHead()
    }

    deinit {
        close(descriptor)
    }

    private func dial(_ port: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(text: String(cString: strerror(errno))) }
    }

    private func readHead() throws {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if unread.count >= 4, let index = (0...unread.count - 4).first(where: { unread[$0..<$0 + 4] == end[...] }) {
                let head = String(decoding: unread[..<index], as: UTF8.self)
                guard head.hasPrefix("HTTP/1.1 101 ") else { throw Failure(text: head) }
                start = index + 4
                return
            }
            guard fill() else { throw Failure(text: "no answer") }
        }
    }

    /// The next data or close message; pings are passed over.
    func next() -> Message {
        while true {
            if let (opcode, payload) = frame() {
                switch opcode {
                case 1: return .text(String(decoding: payload, as: UTF8.self))
                case 8: return .closed(payload.prefix(2).reduce(0) { $0 << 8 | UInt16($1) })
                default: continue
                }
            }
            guard fill() else { return .ended }
        }
    }

    /// A whole unmasked frame of what was read, RFC 6455 §5.2.
    private func frame() -> (opcode: UInt8, payload: ArraySlice<UInt8>)? {
        let rest = unread[start...]
        guard rest.count >= 2 else { return nil }
        var (length, header) = (Int(rest[start + 1]), 2)
        let lengthBytes = length == 126 ? 2 : length == 127 ? 8 : 0
        guard rest.count >= 2 + lengthBytes else { return nil }
        if lengthBytes > 0 {
            length = rest[(start + 2)..<(start + 2 + lengthBytes)].reduce(0) { $0 << 8 | Int($1) }
            header += lengthBytes
        }
        guard rest.count >= header + length else { return nil }
        let opcode = rest[start] & 0x0F
        start += header + length
        return (opcode, rest[(start - length)..<start])
    }

    private func fill() -> Bool {
        if start > 0 {
            unread.removeSubrange(..<start)
            start = 0
        }
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        unread += buffer[..<count]
        return true
    }

    /// What a text message is: the number of its event, or nil for a gap.
    static func seq(of text: String) -> UInt64? {
        guard let json = try? JSONDecoder().decode(JSON.self, from: Data(text.utf8)), json["gap"] == nil else {
            return nil
        }
        return json["seq"]?.lenientInteger.flatMap(UInt64.init(exactly:))
    }
}

/// Runs what blocks on a thread that may be blocked.
func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try work() }) }
    }
}
