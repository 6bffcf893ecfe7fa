import Glibc

/// A listening socket handed over by the service manager (sd_listen_fds(3)).
package struct InheritedSocket: Sendable, Equatable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case notListening(descriptor: Int32)
        case malformedCount(String)

        package var description: String {
            switch self {
            case .notListening(let descriptor): "descriptor \(descriptor) is no listening stream socket"
            case .malformedCount(let text): "LISTEN_FDS is no count: \(text)"
            }
        }
    }

    /// From where it can be reached.
    package enum Reach: Sendable {
        /// A Unix socket.
        case machine
        case loopback, network
    }

    /// The descriptor's owner is whoever takes it.
    package let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit, `unknown` when it has none.
    package let name: String
    package let reach: Reach

    private static let most: Int32 = 64

    /// The sockets meant for this process; child processes will not inherit them.
    ///
    /// - Parameter first: the first descriptor handed over, which is always 3 outside of tests.
    package static func all(
        environment: [String: String], processID: Int32 = getpid(), first: Int32 = 3
    ) throws(Failure) -> [InheritedSocket] {
        guard let owner = environment["LISTEN_PID"].flatMap({ Int32($0) }), owner == processID,
            let text = environment["LISTEN_FDS"]
        else { return [] }
        guard let count = Int32(text), 0...most ~= count else { throw .malformedCount(text) }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var sockets: [InheritedSocket] = []
        for index in 0..<count {
            let name = names.dropFirst(Int(index)).first.map(String.init) ?? ""
            sockets.append(try InheritedSocket(first + index, name: name.isEmpty ? "unknown" : name))
        }
        return sockets
    }

    private init(_ descriptor: Int32, name: String) throws(Failure) {
        guard Self.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
            Self.option(SO_ACCEPTCONN, of: descriptor) == 1, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw .notListening(descriptor: descriptor) }
        reach = Self.reach(of: descriptor)
        self.descriptor = descriptor
        self.name = name
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    private static func reach(of descriptor: Int32) -> Reach {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isKnown else { return .network }
        let family = Int32(storage.ss_family)
        return withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_UNIX: .machine
            case AF_INET where bytes.load(as: sockaddr_in.self).sin_addr.s_addr.bigEndian >> 24 == 127: .loopback
            case AF_INET6 where bytes.load(as: sockaddr_in6.self).isLoopback: .loopback
            default: .network
            }
        }
    }
}

extension sockaddr_in6 {
    /// `::1` (RFC 4291 §2.5.3).
    fileprivate var isLoopback: Bool {
        withUnsafeBytes(of: sin6_addr) { $0.elementsEqual([UInt8](repeating: 0, count: 15) + [1]) }
    }
}
