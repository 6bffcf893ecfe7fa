import Glibc
import Wire

/// An open file descriptor, closed when the last event source that watches it has let go of it.
///
/// Dispatch must not lose a descriptor it still watches, and two sources may watch one: hence a class.
final class FileDescriptor: Sendable {
    let raw: Int32

    init(_ raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// A non-blocking socket that child processes do not inherit.
    static func socket(
        _ type: __socket_type, for address: SocketAddress
    ) throws(SystemError) -> FileDescriptor {
        let flags = SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let raw = Glibc.socket(address.family, Int32(type.rawValue | flags), 0)
        guard raw >= 0 else { throw SystemError(call: .socket, code: errno) }
        let descriptor = FileDescriptor(raw)
        if address.family == AF_INET6 {
            try descriptor.setOption(IPV6_V6ONLY, level: Int32(IPPROTO_IPV6), to: 1)
        }
        return descriptor
    }

    /// What ``socket(_:for:)`` asks for at once; an accepted or inherited socket has neither.
    func makeNonBlocking() -> Bool {
        fcntl(raw, F_SETFL, O_NONBLOCK) == 0 && fcntl(raw, F_SETFD, FD_CLOEXEC) == 0
    }

    func setOption(_ name: Int32, level: Int32, to value: Int32) throws(SystemError) {
        var value = value
        guard setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw SystemError(call: .setsockopt, code: errno)
        }
    }

    func bind(to address: SocketAddress) throws(SystemError) {
        guard address.withPointer({ Glibc.bind(raw, $0, $1) }) == 0 else {
            throw SystemError(call: .bind, code: errno)
        }
    }

    func listen(backlog: Int32) throws(SystemError) {
        guard Glibc.listen(raw, backlog) == 0 else { throw SystemError(call: .listen, code: errno) }
    }

    /// A number among the options of `SOL_SOCKET`.
    func option(_ name: Int32) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var count = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(raw, SOL_SOCKET, name, &value, &count) == 0 else {
            throw SystemError(call: .getsockopt, code: errno)
        }
        return value
    }

    func localAddress() throws(SystemError) -> SocketAddress {
        var address = SocketAddress()
        guard address.withMutablePointer({ getsockname(raw, $0, $1) }) == 0 else {
            throw SystemError(call: .getsockname, code: errno)
        }
        return address
    }

    func localEndpoint() throws(SystemError) -> Endpoint {
        guard let endpoint = try localAddress().endpoint else {
            throw SystemError(call: .getsockname, code: EAFNOSUPPORT)
        }
        return endpoint
    }
}
