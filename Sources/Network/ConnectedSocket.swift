import Glibc
import Wire

/// A connected stream socket that nobody reads from or writes to yet.
package struct ConnectedSocket: Sendable {
    /// The address on this side, nil for a Unix socket.
    package let local: Endpoint?
    package let peer: SocketPeer
    let descriptor: FileDescriptor

    /// A TCP socket.
    init(_ descriptor: FileDescriptor, local: Endpoint, remote: Endpoint) {
        self.descriptor = descriptor
        self.local = local
        peer = .network(remote)
        var on: Int32 = 1
        setsockopt(descriptor.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// A Unix socket.
    init(_ descriptor: FileDescriptor, peer: SocketPeer.Credentials) {
        self.descriptor = descriptor
        self.peer = .process(peer)
        local = nil
    }

    /// Connects to the Unix socket at `path`.
    init(connectedTo path: String) throws(SystemError) {
        guard let address = SocketAddress(path: path) else { throw SystemError(call: .connect, code: ENAMETOOLONG) }
        let descriptor = try FileDescriptor.socket(SOCK_STREAM, for: address)
        guard address.withPointer({ connect(descriptor.raw, $0, $1) }) == 0 else {
            throw SystemError(call: .connect, code: errno)
        }
        guard let peer = SocketPeer.Credentials(peerOf: descriptor) else {
            throw SystemError(call: .getsockopt, code: errno)
        }
        self.init(descriptor, peer: peer)
    }
}
