import Glibc
import Wire

/// A port of 127.0.0.1 that neither takes nor refuses further connections.
final class SilentListener {
    struct Failure: Error { let code: Int32 }

    let endpoint: Endpoint
    private let descriptors: [Int32]

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let occupant = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptors = [listener, occupant]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Its queue holds one connection, which nobody accepts.
        let isFull = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
                    && listen(listener, 0) == 0 && connect(occupant, $0, length) == 0
            }
        }
        endpoint = Endpoint(.loopback4, port: UInt16(bigEndian: address.sin_port))
        guard isFull else { throw Failure(code: errno) }
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}
