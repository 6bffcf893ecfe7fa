import Glibc
import Wire

/// A connected TCP socket that nobody reads from or writes to yet.
package struct ConnectedSocket: Sendable {
    package let local: Endpoint
    package let remote: Endpoint
    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor, local: Endpoint, remote: Endpoint) {
        self.descriptor = descriptor
        self.local = local
        self.remote = remote
        var on: Int32 = 1
        setsockopt(descriptor.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
