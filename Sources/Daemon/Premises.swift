import ControlAPI
import Crypto
import Dispatch
import Logging
import Network
import Wire

/// What the seats of one daemon share.
struct Premises: Sendable {
    let configuration: Configuration
    /// What registrars know the telephone by.
    let instanceID: String
    let events: EventStream
    let logger: Logger
    let executor = QueueExecutor(label: "phonebard.seats")
    let certificate = RotatingCertificate(at: MonotonicClock.now)
    let devices: Devices
    let traces: TraceKeeper
    /// To the platform's user API.
    let web: HTTPClient
    let status: StatusLine

    init(
        configuration: Configuration, instanceID: String, events: EventStream, logger: Logger,
        onStatus: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.instanceID = instanceID
        self.events = events
        self.logger = logger
        devices = Devices(configuration, logger: logger) { [events, executor] data in
            executor.queue.async {
                events.publish(Event.Content(.audio, data: data), seat: SeatName.default.text, at: .now)
            }
        }
        traces = TraceKeeper(configuration.trace, on: executor, logger: logger)
        web = HTTPClient(trust: configuration.trust, proxy: configuration.proxy, timeLimit: .seconds(8))
        status = StatusLine(tell: onStatus)
    }
}
