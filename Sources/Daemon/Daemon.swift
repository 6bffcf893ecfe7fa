import ControlAPI
import ControlServer
import Crypto
import Logging
import Network
import Wire

/// The daemon: a switchboard and the control API in front of it.
package final class Daemon: Sendable {
    private let events: EventStream
    private let switchboard: Switchboard
    private let server: ControlServer
    private let configuration: Configuration

    package init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        let token = try Token.load(from: configuration.stateDirectory)
        events = try EventStream(journal: configuration.journal, logger: logger)
        switchboard = Switchboard(
            configuration: configuration, certificate: .selfSigned(), events: events, logger: logger)
        server = ControlServer(token: token, backend: switchboard, logger: logger)
    }

    /// Opens the control API; returns its addresses with the actual ports.
    package func start() throws(HTTPServer.StartFailure) -> [Endpoint] {
        try server.start(on: configuration.endpoints)
    }

    /// Logs the seat out and tells of it, then closes the control API, so that subscribers hear the end.
    package func stop() async {
        await switchboard.stop()
        await events.close()
        await server.stop()
    }
}

extension Switchboard: ControlBackend {
    nonisolated func perform(_ command: Command, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        enter { $0.carryOut(command, completion: completion) }
    }

    /// Answers when all that the snapshot stands on has been told: a position a client gets is one it can go on from.
    nonisolated func state(completion: @escaping @Sendable (JSON) -> Void) {
        Task {
            let (position, seats) = await snapshot()
            events.whenTold(position) { [events] in
                completion([
                    "position": ["epoch": .string(position.epoch), "seq": .integer(Int64(clamping: position.seq))],
                    "journal": events.condition,
                    "seats": seats,
                ])
            }
        }
    }

    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        events.subscribe(subscriber, after: after, to: sink)
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        events.unsubscribe(subscriber)
    }
}
