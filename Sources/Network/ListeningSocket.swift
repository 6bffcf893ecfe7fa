import Glibc
import Wire

/// A bound and listening stream socket whose connections nobody takes yet.
package struct ListeningSocket: Sendable {
    private static let backlog: Int32 = 512

    /// The address it listens on, with the actual port; nil for a Unix socket.
    package let localEndpoint: Endpoint?
    let descriptor: FileDescriptor
    /// What is to be removed when it listens no more.
    let file: SocketFile?

    /// Listens on `endpoint`, whose port may be 0.
    package init(on endpoint: Endpoint) throws(SystemError) {
        let address = SocketAddress(endpoint)
        descriptor = try FileDescriptor.socket(SOCK_STREAM, for: address)
        try descriptor.setOption(SO_REUSEADDR, level: SOL_SOCKET, to: 1)
        try descriptor.bind(to: address)
        try descriptor.listen(backlog: Self.backlog)
        localEndpoint = try descriptor.localAddress().endpoint
        file = nil
    }

    /// Listens on a Unix socket that only this user may connect to.
    ///
    /// A socket that was left behind at `path` is replaced; one that somebody listens on, and anything else, stays.
    package init(at path: String) throws(SystemError) {
        guard let address = SocketAddress(path: path) else { throw SystemError(call: .bind, code: ENAMETOOLONG) }
        descriptor = try FileDescriptor.socket(SOCK_STREAM, for: address)
        // Linux gives the file the mode of the socket, so there is no moment at which others could connect.
        guard fchmod(descriptor.raw, 0o600) == 0 else { throw SystemError(call: .bind, code: errno) }
        do {
            try descriptor.bind(to: address)
        } catch {
            guard error.code == EADDRINUSE, try Self.isLeftBehind(path, address) else { throw error }
            unlink(path)
            try descriptor.bind(to: address)
        }
        file = SocketFile(path)
        try descriptor.listen(backlog: Self.backlog)
        localEndpoint = nil
    }

    /// Takes over a listening socket, TCP or Unix, that another process has opened, as systemd does (sd_listen_fds(3)).
    package init(inherited raw: Int32) throws(SystemError) {
        descriptor = FileDescriptor(raw)
        guard try descriptor.option(SO_TYPE) == SOCK_STREAM.rawValue, try descriptor.option(SO_ACCEPTCONN) == 1 else {
            throw SystemError(call: .getsockopt, code: EINVAL)
        }
        let address = try descriptor.localAddress()
        guard address.family == AF_UNIX || address.endpoint != nil else {
            throw SystemError(call: .getsockname, code: EAFNOSUPPORT)
        }
        guard descriptor.makeNonBlocking() else { throw SystemError(call: .setsockopt, code: errno) }
        localEndpoint = address.endpoint
        file = nil
    }

    /// Whether a socket at `path` has lost its listener.
    private static func isLeftBehind(_ path: String, _ address: SocketAddress) throws(SystemError) -> Bool {
        guard SocketFile(path) != nil else { return false }
        let probe = try FileDescriptor.socket(SOCK_STREAM, for: address)
        return address.withPointer { connect(probe.raw, $0, $1) } != 0 && errno == ECONNREFUSED
    }
}

/// The name of a Unix socket in the file system, removed when it is let go unless another file has taken its place.
final class SocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Nil when there is no socket at `path`.
    init?(_ path: String) {
        guard let status = Self.status(path) else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes it; may be called again.
    func remove() {
        guard let status = Self.status(path), status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return status
    }
}
