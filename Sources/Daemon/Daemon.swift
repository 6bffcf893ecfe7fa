import ControlAPI
import ControlServer
import Crypto
import Logging
import Network
import Service
import Wire

/// The daemon: a switchboard and the control API in front of it.
package final class Daemon: Sendable {
    private let events: EventStream
    private let switchboard: Switchboard
    private let tokens: TokenStore
    private let server: ControlServer
    private let listeners: HTTPServer.Configuration

    /// - Parameter inherited: sockets of the control API that the service manager has opened in place of those configured.
    /// - Throws: ``ListenerFailure``, ``TokenStore/Failure``, or ``JournalFailure/inUse``.
    package init(configuration: Configuration, inherited: [InheritedSocket] = [], logger: Logger) throws {
        listeners = try configuration.server(inherited: inherited, logger: logger)
        stopTime = listeners.gracePeriod + .seconds(10)
        tokens = try TokenStore(directory: configuration.stateDirectory) { failure in
            logger.error("tokens", metadata: ["failure": "\(failure)"])
        }
        try tokens.makeFirst()
        events = try EventStream(journal: configuration.eventJournal, logger: logger)
        switchboard = Switchboard(
            configuration: configuration,
            instanceID: InstanceID(stateDirectory: configuration.stateDirectory, logger: logger).urn,
            certificate: .selfSigned(), events: events, logger: logger)
        server = ControlServer(
            access: configuration.access, tokens: tokens, backend: switchboard, logger: logger)
    }

    /// Opens the control API; returns its addresses with the actual ports.
    package func start() throws(HTTPServer.StartFailure) -> [Endpoint] {
        switchboard.start()
        return try server.start(listeners)
    }

    /// How long ``stop()`` may take: for the platform to hear of it, for requests in flight, for the disk.
    package let stopTime: Duration

    /// Logs the seat out and tells of it, then closes the control API, so that subscribers hear the end, then the journal, in
    /// which everything is that anyone was told.
    package func stop() async {
        server.prepareToStop()
        await switchboard.stop()
        await events.settled()
        await server.stop()
        await events.close()
        tokens.save()
    }
}

extension Switchboard: ControlBackend {
    nonisolated func perform(_ command: Command, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        enter { $0.carryOut(command, completion: completion) }
    }

    private static let stateTime = Duration.seconds(5)

    /// Answers when all that the snapshot stands on has been told: a position a client gets is one it can go on from. While the
    /// disk does not answer that is an older one.
    nonisolated func state(completion: @escaping @Sendable (JSON) -> Void) {
        Task {
            let (position, seats, injected) = await snapshot()
            events.whenTold(position, within: Self.stateTime) { [events, mayInject] told in
                var members: [String: JSON] = [
                    "position": ["epoch": .string(told.epoch), "seq": .integer(Int64(clamping: told.seq))],
                    "journal": events.condition.json(isLate: told != position),
                    "seats": seats,
                ]
                if mayInject { members["injected"] = .integer(Int64(injected)) }
                completion(.object(members))
            }
        }
    }

    nonisolated func sipTrace(_ query: TraceQuery, completion: @escaping @Sendable ([UInt8]) -> Void) {
        enter { completion($0.sipTrace(query)) }
    }

    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        events.subscribe(subscriber, after: after, to: sink)
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        events.unsubscribe(subscriber)
    }
}
