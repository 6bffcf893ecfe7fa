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
