import ControlAPI
import Dispatch
import Logging
import Network
import SIP
import Wire

/// Keeps the last SIP messages of all seats, and sends each to the collector if there is one; on the executor of ``Seats``.
actor TraceKeeper {
    nonisolated private let executor: QueueExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var trace: Trace
    private var collector: TraceCollector?

    init(_ configuration: Configuration.TraceOptions, on executor: QueueExecutor, logger: Logger) {
        self.executor = executor
        trace = Trace(configuration.limits)
        executor.queue.async {
            self.assumeIsolated { $0.collector = TraceCollector(configuration, on: executor, logger: logger) }
        }
    }

    func note(
        _ message: [UInt8], _ direction: Trace.Direction, over path: Trace.Path, of seat: SeatName, at now: Moment
    ) {
        guard let record = trace.append(message, direction, over: path, of: seat.text, at: now) else { return }
        collector?.send(record)
    }

    func answer(_ query: TraceQuery, of seat: SeatName?) -> [UInt8] {
        let records = trace.records(after: query.after, callID: query.callID, of: seat?.text)
        return switch query.format {
        case .text: Array(records.text.utf8)
        case .json: encodedJSON(records.ladder)
        case .pcap: CaptureFile.bytes(of: records)
        }
    }
}
