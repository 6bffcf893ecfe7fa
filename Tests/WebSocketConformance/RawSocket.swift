import Glibc

/// A blocking TCP socket on loopback; no wait lasts longer than its time-out.
final class RawSocket {
    enum Failure: Error { case system(Int32), ended, timedOut }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    init(connectingTo port: UInt16) throws {
        descriptor = try Self.make()
        var address = Self.loopback(port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.system(errno) }
        configure()
    }

    private init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        configure()
    }

    deinit {
        close(descriptor)
    }

    private static func make() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.system(errno) }
        return descriptor
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private func configure() {
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 100, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        try bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Failure.system(errno) }
                sent += count
            }
        }
    }

    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whether something can be read within a time, the end of the stream included.
    func isReadable(within milliseconds: Int32) -> Bool {
        if position < buffer.count { return true }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    func receive(_ count: Int, within milliseconds: Int32) throws -> [UInt8] {
        while buffer.count - position < count { try fill(within: milliseconds) }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    /// Up to and including an empty line.
    func receiveHead(within milliseconds: Int32) throws -> String {
        var head = ""
        while !head.hasSuffix("\r\n\r\n") {
            head += String(decoding: try receive(1, within: milliseconds), as: UTF8.self)
        }
        return head
    }

    private func fill(within milliseconds: Int32) throws {
        guard isReadable(within: milliseconds) || position < buffer.count else { throw Failure.timedOut }
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        var received = 0
        buffer.append(addingCapacity: 1 << 16) { span in
            span.withUnsafeMutableBufferPointer { free, count in
                received = recv(descriptor, free.baseAddress.map { $0 + count }, free.count - count, 0)
                count += max(0, received)
            }
        }
        guard received != 0 else { throw Failure.ended }
        guard received > 0 else { throw Failure.system(errno) }
    }
}

extension RawSocket {
    /// A listener on a port of its own.
    final class Listener {
        private let descriptor: Int32
        let port: UInt16

        init() throws {
            descriptor = try RawSocket.make()
            var address = RawSocket.loopback(0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let (descriptor) = descriptor
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                        && getsockname(descriptor, $0, &length) == 0
                }
            }
            guard isListening else { throw Failure.system(errno) }
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit {
            close(descriptor)
        }

        func accept() throws -> RawSocket {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 10_000) > 0 else { throw Failure.timedOut }
            let accepted = Glibc.accept(descriptor, nil, nil)
            guard accepted >= 0 else { throw Failure.system(errno) }
            return RawSocket(accepted: accepted)
        }
    }
}
