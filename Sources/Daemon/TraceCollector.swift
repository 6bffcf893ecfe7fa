import Logging
import Network
import SIP
import Wire

/// Sends each SIP message to a Homer collector as well; a datagram that gets lost is lost.
final class TraceCollector {
    private let configuration: Configuration.TraceOptions
    private let collector: Endpoint
    private let socket: UDPSocket

    /// Nil when there is none, or when nothing can be sent to it.
    init?(_ configuration: Configuration.TraceOptions, on executor: QueueExecutor, logger: Logger) {
        guard let collector = configuration.collector else { return nil }
        do {
            let any: IPAddress = collector.address.isIPv4 ? .any4 : .v6(high: 0, low: 0)
            socket = try UDPSocket(binding: Endpoint(any, port: 0), on: executor) { _, _, _ in }
        } catch {
            logger.error("the collector of SIP messages gets none", metadata: ["failure": "\(error)"])
            return nil
        }
        self.configuration = configuration
        self.collector = collector
    }

    func send(_ record: Trace.Record) {
        let packet = HEPPacket.bytes(
            of: record, agentID: UInt32(configuration.collectorID), key: configuration.collectorKey)
        if let packet { _ = socket.send(packet.span, to: collector) }
    }
}
