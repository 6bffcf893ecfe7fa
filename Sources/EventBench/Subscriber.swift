import Foundation

/// A bare socket that has sent its request.
final class Connection {
    struct Failure: Error { let text: String }

    let descriptor: Int32

    init(port: UInt16, request: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
        send(request)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Reads up to the end of a head, byte by byte, so that nothing after it is taken.
    func readHead() throws -> String {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard recv(descriptor, &byte, 1, 0) == 1 else { throw Failure(text: "the connection ended") }
            head.append(byte)
        }
        return String(decoding: head, as: UTF8.self)
    }
}

/// A WebSocket that knows when each event it gets was made.
final class Subscriber {
    private static let key = Array(#""at":"#.utf8)

    let connection: Connection
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    init(port: UInt16, token: String) throws {
        connection = try Connection(
            port: port,
            request: "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n"
                + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        let head = try connection.readHead()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Connection.Failure(text: head) }
    }

    /// Takes what is there and says of each event in it, in nanoseconds of the monotonic clock, when it was made.
    func read(_ body: (Int64) -> Void) throws {
        let count = recv(connection.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { throw Connection.Failure(text: "a subscriber was cut off") }
        var index = 0
        while index + Self.key.count < count {
            guard buffer[index] == Self.key[0], buffer[index..<index + Self.key.count].elementsEqual(Self.key) else {
                index += 1
                continue
            }
            index += Self.key.count
            var made: Int64 = 0
            while index < count, 0x30...0x39 ~= buffer[index] {
                made = made * 10 + Int64(buffer[index] - 0x30)
                index += 1
            }
            body(made)
        }
    }
}

/// Asks for events to be made up.
struct Injector {
    private let connection: Connection
    private let request: String

    init(port: UInt16, token: String, size: Int) throws {
        let body = #"{"count":1,"size":\#(size)}"#
        request =
            "POST /v1/test/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
        connection = try Connection(port: port, request: "")
    }

    var descriptor: Int32 { connection.descriptor }

    func inject() { connection.send(request) }

    func readAnswer() throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard recv(descriptor, &buffer, buffer.count, 0) > 0 else {
            throw Connection.Failure(text: "the injector was cut off")
        }
    }
}

/// All subscribers of one thread.
final class Load {
    private let subscribers: [Subscriber]
    private var polls: [pollfd]

    init(_ subscribers: [Subscriber]) {
        self.subscribers = subscribers
        polls = subscribers.map { pollfd(fd: $0.connection.descriptor, events: Int16(POLLIN), revents: 0) }
    }

    /// Has so many events made and returns how long each of the messages took, in seconds.
    func run(_ injector: Injector, events: Int, every interval: Double) throws -> [Double] {
        var latencies: [Double] = []
        latencies.reserveCapacity(events * subscribers.count)
        polls.append(pollfd(fd: injector.descriptor, events: Int16(POLLIN), revents: 0))
        defer { polls.removeLast() }
        let start = Self.now
        var made = 0
        while latencies.count < events * subscribers.count {
            let due = start + Int64(Double(made) * interval * 1e9)
            if made < events, Self.now >= due {
                injector.inject()
                made += 1
            }
            let wait = made < events ? max(0, (due - Self.now) / 1_000_000) : 5000
            guard poll(&polls, nfds_t(polls.count), Int32(wait)) > 0 else {
                if made < events { continue }
                throw Connection.Failure(text: "\(events * subscribers.count - latencies.count) messages never came")
            }
            if polls[subscribers.count].revents != 0 { try injector.readAnswer() }
            for index in subscribers.indices where polls[index].revents != 0 {
                try subscribers[index].read { latencies.append(Double(Self.now - $0) / 1e9) }
            }
        }
        return latencies
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
