import Glibc
import Wire

/// An ``Endpoint`` or a path as the socket calls want it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var count = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Room for an address that a system call fills in.
    init() {}

    init(_ endpoint: Endpoint) {
        switch endpoint.address {
        case .v4(let bits):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = bits.bigEndian
            store(address)
        case .v6(let high, let low):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = endpoint.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            store(address)
        }
    }

    /// The address of a Unix socket, nil when the path is empty or too long for one.
    init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isPath = withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            guard !path.isEmpty, path.utf8.count < bytes.count, !path.utf8.contains(0) else { return false }
            bytes.copyBytes(from: path.utf8)
            return true
        }
        guard isPath else { return nil }
        store(address)
    }

    /// A copy of an address that the system keeps.
    init(copying pointer: UnsafePointer<sockaddr>) {
        if pointer.pointee.sa_family == sa_family_t(AF_INET) {
            store(pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee })
        } else if pointer.pointee.sa_family == sa_family_t(AF_INET6) {
            store(pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee })
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// The address and port, nil when it is neither IPv4 nor IPv6; an IPv4-mapped IPv6 address stays IPv6.
    var endpoint: Endpoint? {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return Endpoint(
                    .v4(UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: address.sin6_addr) { bits in
                    Endpoint(
                        .v6(
                            high: UInt64(bigEndian: bits.loadUnaligned(as: UInt64.self)),
                            low: UInt64(bigEndian: bits.loadUnaligned(fromByteOffset: 8, as: UInt64.self))),
                        port: UInt16(bigEndian: address.sin6_port))
                }
            default:
                return nil
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, count) }
        }
    }

    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &count) }
        }
    }

    private mutating func store<Address>(_ address: Address) {
        count = socklen_t(MemoryLayout<Address>.size)
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
    }
}
