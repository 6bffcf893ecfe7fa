import Glibc
import Wire

/// An address of one of the machine's interfaces that are up.
package struct LocalInterface: Hashable, Sendable {
    package let name: String
    package let address: IPAddress
    package let isLoopback: Bool

    package static func all() throws(SystemError) -> [LocalInterface] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SystemError(call: .getifaddrs, code: errno) }
        defer { freeifaddrs(first) }
        return sequence(first: first) { $0?.pointee.ifa_next }.prefix { $0 != nil }.compactMap { entry in
            entry.flatMap { LocalInterface($0.pointee) }
        }
    }

    private init?(_ entry: ifaddrs) {
        guard entry.ifa_flags & UInt32(IFF_UP) != 0, let pointer = entry.ifa_addr,
            let endpoint = SocketAddress(copying: pointer).endpoint
        else { return nil }
        name = String(cString: entry.ifa_name)
        address = endpoint.address
        isLoopback = entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0
    }
}
