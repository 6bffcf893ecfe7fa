import Dispatch
import Glibc
import Wire

/// Names of hosts and the addresses they stand for.
package enum HostName {
    /// As ``resolve(_:port:)``, without blocking: `body` runs on the executor, later.
    package static func resolve(
        _ name: String, port: UInt16, on executor: QueueExecutor, then body: @escaping ([Endpoint]) -> Void
    ) {
        nonisolated(unsafe) let body = body
        if let address = IPAddress(name) {
            executor.queue.async { body([Endpoint(address, port: port)]) }
            return
        }
        DispatchQueue.global().async {
            let endpoints = resolve(name, port: port)
            executor.queue.async { body(endpoints) }
        }
    }

    /// The addresses of a host name or address literal, in the system's order of preference; empty if there are none.
    ///
    /// Blocks while name servers are asked.
    static func resolve(_ name: String, port: UInt16) -> [Endpoint] {
        if let address = IPAddress(name) { return [Endpoint(address, port: port)] }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        return sequence(first: first) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            guard let pointer = entry?.pointee.ai_addr, let found = SocketAddress(copying: pointer).endpoint else {
                return nil
            }
            return Endpoint(found.address, port: port)
        }
    }
}
