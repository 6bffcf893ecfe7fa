import Wire

/// A bound UDP socket; owned and used on its executor only, where `onReceive` runs as well.
package final class UDPSocket {
    /// The address it is bound to, with the actual port.
    package let localEndpoint: Endpoint

    /// Binds to `endpoint`, whose port may be 0.
    package init(
        binding endpoint: Endpoint, on executor: QueueExecutor,
        onReceive: @escaping (_ datagram: Span<UInt8>, _ source: Endpoint) -> Void
    ) throws(SystemError) {
        localEndpoint = endpoint
    }

    /// Sends a datagram; false when the system would not take it now, which is a lost packet like any other.
    package func send(_ datagram: Span<UInt8>, to destination: Endpoint) -> Bool { false }

    /// Stops receiving and gives the port back; may be called again.
    package func close() {}
}
