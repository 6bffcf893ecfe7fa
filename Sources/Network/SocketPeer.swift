import Glibc
import Wire

/// Who is at the other end of a connection.
package enum SocketPeer: Hashable, Sendable {
    case network(Endpoint)
    /// A process of this machine, at the other end of a Unix socket.
    case process(Credentials)

    /// What a process was when it connected, `SO_PEERCRED` of unix(7).
    package struct Credentials: Hashable, Sendable {
        package var userID: UInt32
        package var groupID: UInt32
        package var processID: Int32

        package init(userID: UInt32, groupID: UInt32, processID: Int32) {
            self.userID = userID
            self.groupID = groupID
            self.processID = processID
        }
    }
}

extension SocketPeer.Credentials {
    /// Those of the peer of a connected Unix socket.
    init?(peerOf descriptor: FileDescriptor) {
        // `struct ucred`, which Glibc hides from Swift: pid, uid, gid.
        var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
        let size = socklen_t(MemoryLayout.size(ofValue: credentials))
        var count = size
        guard getsockopt(descriptor.raw, SOL_SOCKET, SO_PEERCRED, &credentials, &count) == 0, count == size else {
            return nil
        }
        self.init(userID: credentials.1, groupID: credentials.2, processID: credentials.0)
    }
}
