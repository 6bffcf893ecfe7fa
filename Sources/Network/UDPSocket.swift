import Glibc
import Wire

/// A bound UDP socket; owned and used on its executor only, where `onReceive` runs as well.
package final class UDPSocket {
    /// What is called with a datagram: it came from `source`, and at `arrival`, which is sooner than it is read.
    package typealias Receiver = (_ datagram: Span<UInt8>, _ source: Endpoint, _ arrival: Instant) -> Void

    /// The address it is bound to, with the actual port.
    package let localEndpoint: Endpoint
    /// Whether datagrams wait for ``read()`` in place of being handed over as they come.
    package private(set) var isReadOnDemand = false

    private static let batches = 8
    private let group: (endpoint: Endpoint, links: [IPAddress])?
    private let executor: QueueExecutor
    private let onReceive: Receiver
    private let datagrams: DatagramBatch
    /// Nil when it is closed.
    private var descriptor: FileDescriptor?
    /// The descriptor's, which need not be looked up again for each datagram.
    private let raw: Int32
    /// Nil when it is read on demand, or closed.
    private var watch: SocketPoller.Watch?

    /// Binds to `endpoint`, whose port may be 0.
    package convenience init(
        binding endpoint: Endpoint, on executor: QueueExecutor, onReceive: @escaping Receiver
    ) throws(SystemError) {
        let address = SocketAddress(endpoint)
        let descriptor = try FileDescriptor.socket(SOCK_DGRAM, for: address)
        try descriptor.bind(to: address)
        try self.init(descriptor, group: nil, on: executor, onReceive: onReceive)
    }

    /// Joins a multicast group of IPv4 on the links of some addresses, beside others on this machine that have joined it.
    package convenience init(
        joining group: Endpoint, on addresses: [IPAddress], _ executor: QueueExecutor, onReceive: @escaping Receiver
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
        try self.init(descriptor, group: (group, addresses.filter(\.isIPv4)), on: executor, onReceive: onReceive)
    }

    private init(
        _ descriptor: FileDescriptor, group: (endpoint: Endpoint, links: [IPAddress])?, on executor: QueueExecutor,
        onReceive: @escaping Receiver
    ) throws(SystemError) {
        try descriptor.setOption(SO_TIMESTAMPNS, level: SOL_SOCKET, to: 1)
        localEndpoint = try descriptor.localEndpoint()
        let poller = try executor.poller()
        datagrams = poller.datagrams
        self.group = group
        self.executor = executor
        self.onReceive = onReceive
        self.descriptor = descriptor
        raw = descriptor.raw
        watch = try SocketPoller.Watch(descriptor, for: .reading, on: poller) { [weak self] _ in self?.read() }
    }

    /// Whoever lets go of it without closing it may be anywhere.
    deinit {
        guard let watch else { return }
        nonisolated(unsafe) let forgotten = watch
        executor.async { forgotten.cancel() }
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
        guard let group, let descriptor else { return }
        for case .v4(let link) in group.links {
            var interface = in_addr(s_addr: link.bigEndian)
            setsockopt(
                descriptor.raw, Int32(IPPROTO_IP), IP_MULTICAST_IF, &interface, socklen_t(MemoryLayout<in_addr>.size))
            _ = send(datagram, to: group.endpoint)
        }
    }

    /// Sends a datagram; false when the system would not take it now, which is a lost packet like any other.
    package func send(_ datagram: Span<UInt8>, to destination: Endpoint) -> Bool {
        guard descriptor != nil else { return false }
        return SocketAddress(destination).withPointer { address, count in
            datagram.withUnsafeBytes { bytes in
                sendto(raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), address, count)
            }
        } == datagram.count
    }

    /// From now on datagrams wait for ``read()``: who looks at them at a beat only need not be woken up before.
    package func holdBack() {
        isReadOnDemand = true
        watch?.cancel()
        watch = nil
    }

    /// Stops receiving and gives the port back; may be called again.
    package func close() {
        watch?.cancel()
        watch = nil
        descriptor = nil
    }

    /// Hands over what has come, 64 datagrams at most: others on the queue get their turn, but who floods the port must not
    /// have the call's own datagrams wait from beat to beat.
    package func read() { read(onReceive) }

    /// Like ``read()``, to somebody else.
    package func read(_ receive: Receiver) {
        for _ in 0..<Self.batches {
            guard descriptor != nil else { return }
            let count = datagrams.receive(from: raw) { datagram, source, arrival in
                // One before it may have made us close.
                if descriptor != nil { receive(datagram, source, arrival) }
            }
            guard count == DatagramBatch.capacity else { return }
        }
    }
}
