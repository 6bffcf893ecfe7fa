import Dispatch
import Glibc
import Wire

/// A bound UDP socket; owned and used on its executor only, where `onReceive` runs as well.
package final class UDPSocket {
    /// How many datagrams are read before others on the queue get their turn.
    private static let burst = 64

    /// The address it is bound to, with the actual port.
    package let localEndpoint: Endpoint

    private let descriptor: FileDescriptor
    private let group: (endpoint: Endpoint, links: [IPAddress])?
    private let source: any DispatchSourceRead
    private let onReceive: (_ datagram: Span<UInt8>, _ source: Endpoint) -> Void
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// Binds to `endpoint`, whose port may be 0.
    package init(
        binding endpoint: Endpoint, on executor: QueueExecutor,
        onReceive: @escaping (_ datagram: Span<UInt8>, _ source: Endpoint) -> Void
    ) throws(SystemError) {
        let address = SocketAddress(endpoint)
        let descriptor = try FileDescriptor.socket(SOCK_DGRAM, for: address)
        try descriptor.bind(to: address)
        localEndpoint = try descriptor.localEndpoint()
        group = nil
        self.descriptor = descriptor
        self.onReceive = onReceive
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor.raw, queue: executor.queue)
        source.setCancelHandler { _ = descriptor }
        source.setEventHandler { [weak self] in self?.receive() }
        source.activate()
    }

    /// Joins a multicast group of IPv4 on the links of some addresses, beside others on this machine that have joined it.
    package init(
        joining group: Endpoint, on addresses: [IPAddress], _ executor: QueueExecutor,
        onReceive: @escaping (_ datagram: Span<UInt8>, _ source: Endpoint) -> Void
    ) throws(SystemError) {
        let address = SocketAddress(Endpoint(.any4, port: group.port))
        let descriptor = try FileDescriptor.socket(SOCK_DGRAM, for: address)
        try descriptor.setOption(SO_REUSEADDR, level: SOL_SOCKET, to: 1)
        try descriptor.setOption(SO_REUSEPORT, level: SOL_SOCKET, to: 1)
        try descriptor.bind(to: address)
        for case .v4(let link) in addresses {
            guard case .v4(let bits) = group.address else { continue }
            var membership = ip_mreq(
                imr_multiaddr: in_addr(s_addr: bits.bigEndian), imr_interface: in_addr(s_addr: link.bigEndian))
            setsockopt(
                descriptor.raw, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &membership,
                socklen_t(MemoryLayout<ip_mreq>.size))
        }
        localEndpoint = try descriptor.localEndpoint()
        self.group = (group, addresses.filter(\.isIPv4))
        self.descriptor = descriptor
        self.onReceive = onReceive
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor.raw, queue: executor.queue)
        source.setCancelHandler { _ = descriptor }
        source.setEventHandler { [weak self] in self?.receive() }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// The address of this machine that datagrams to another one leave from; nil if there is no route.
    package static func localAddress(toward destination: Endpoint) -> IPAddress? {
        let address = SocketAddress(destination)
        guard let descriptor = try? FileDescriptor.socket(SOCK_DGRAM, for: address),
            address.withPointer({ connect(descriptor.raw, $0, $1) }) == 0
        else { return nil }
        return try? descriptor.localEndpoint().address
    }

    /// Sends a datagram to the group it has joined, on each link.
    package func multicast(_ datagram: Span<UInt8>) {
        guard let group else { return }
        for case .v4(let link) in group.links {
            var interface = in_addr(s_addr: link.bigEndian)
            setsockopt(
                descriptor.raw, Int32(IPPROTO_IP), IP_MULTICAST_IF, &interface, socklen_t(MemoryLayout<in_addr>.size))
            _ = send(datagram, to: group.endpoint)
        }
    }

    /// Sends a datagram; false when the system would not take it now, which is a lost packet like any other.
    package func send(_ datagram: Span<UInt8>, to destination: Endpoint) -> Bool {
        guard !source.isCancelled else { return false }
        return SocketAddress(destination).withPointer { address, count in
            datagram.withUnsafeBytes { bytes in
                sendto(descriptor.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), address, count)
            }
        } == datagram.count
    }

    /// Stops receiving and gives the port back; may be called again.
    package func close() {
        source.cancel()
    }

    private func receive() {
        var address = SocketAddress()
        for _ in 0..<Self.burst where !source.isCancelled {
            let count = buffer.withUnsafeMutableBytes { bytes in
                address.withMutablePointer { recvfrom(descriptor.raw, bytes.baseAddress, bytes.count, 0, $0, $1) }
            }
            guard count >= 0 else { return }
            guard let source = address.endpoint else { continue }
            onReceive(buffer.span.extracting(0..<count), source)
        }
    }
}
