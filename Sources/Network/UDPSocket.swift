import Dispatch
import Glibc
import Wire

/// A bound UDP socket; owned and used on its executor only, where `onReceive` runs as well.
///
/// Once RTP comes in while the executor's ``Metronome`` is heard, the socket is read at the beats: nobody looks at the sound in
/// between, and many sockets with a packet each wake the machine once. `Metronome.arrival` says when a datagram came.
package final class UDPSocket {
    /// How many datagrams are read before others on the queue get their turn.
    private static let burst = 64

    /// The address it is bound to, with the actual port.
    package let localEndpoint: Endpoint

    private let descriptor: FileDescriptor
    private let source: any DispatchSourceRead
    private let onReceive: (_ datagram: Span<UInt8>, _ source: Endpoint) -> Void
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private let metronome: Metronome
    /// What the beats read into; nil while datagrams are read when they come.
    private var batch: DatagramBatch?
    private var quietBeats = 0

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
        metronome = executor.metronome
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor.raw, queue: executor.queue)
        source.setCancelHandler { _ = descriptor }
        source.setEventHandler { [weak self] in self?.receive() }
        source.activate()
    }

    deinit {
        if batch != nil { source.resume() }
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
        leaveBeats()
        source.cancel()
    }

    private func receive() {
        var address = SocketAddress()
        var hasSeenRTP = false
        defer { if hasSeenRTP, metronome.isHeard { joinBeats() } }
        for _ in 0..<Self.burst where !source.isCancelled {
            let count = buffer.withUnsafeMutableBytes { bytes in
                address.withMutablePointer { recvfrom(descriptor.raw, bytes.baseAddress, bytes.count, 0, $0, $1) }
            }
            guard count >= 0 else { return }
            guard let source = address.endpoint else { continue }
            hasSeenRTP = hasSeenRTP || count > 0 && buffer[0] >> 6 == 2
            metronome.arrival = MonotonicClock.now
            onReceive(buffer.span.extracting(0..<count), source)
        }
    }
}

extension UDPSocket: BeatListener {
    /// After half a second without anything, datagrams are read when they come again.
    private static let patience = 25

    package func beat(at now: Instant) {
        guard let batch else { return }
        let count = batch.receive(from: descriptor.raw) { datagram, source, arrival in
            guard !self.source.isCancelled else { return }
            metronome.arrival = arrival
            onReceive(datagram, source)
        }
        quietBeats = count > 0 ? 0 : quietBeats + 1
        if quietBeats > Self.patience { leaveBeats() }
    }

    private func joinBeats() {
        guard batch == nil, !source.isCancelled else { return }
        try? descriptor.setOption(SO_TIMESTAMPNS, level: SOL_SOCKET, to: 1)
        source.suspend()
        quietBeats = 0
        batch = DatagramBatch()
        metronome.add(reader: self)
    }

    /// A source must not be let go of while it is suspended.
    private func leaveBeats() {
        guard batch != nil else { return }
        batch = nil
        metronome.remove(reader: self)
        source.resume()
    }
}
