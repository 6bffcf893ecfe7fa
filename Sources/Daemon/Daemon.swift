import ControlAPI
import ControlServer
import Logging
import Network
import Service
import Wire

/// The daemon: the seats and the control API in front of it.
package final class Daemon: Sendable {
    private let events: EventStream
    private let seats: Seats
    private let tokens: TokenStore
    private let server: ControlServer
    private let listeners: HTTPServer.Configuration

    /// - Parameters:
    ///   - inherited: sockets of the control API that the service manager has opened in place of those configured.
    ///   - onStatus: given a line about the seats whenever it is another one; ``firstStatus`` at the start.
    /// - Throws: ``ListenerFailure``, ``TokenStore/Failure``, or ``JournalFailure/inUse``.
    package init(
        configuration: Configuration, inherited: [InheritedSocket] = [], logger: Logger,
        onStatus: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        listeners = try configuration.server(inherited: inherited, logger: logger)
        stopTime = listeners.gracePeriod + .seconds(10)
        tokens = try TokenStore(directory: configuration.stateDirectory) { failure in
            logger.error("tokens", metadata: ["failure": "\(failure)"])
        }
        try tokens.makeFirst()
        events = try EventStream(journal: configuration.eventJournal, logger: logger)
        seats = Seats(
            Premises(
                configuration: configuration,
                instanceID: InstanceID(stateDirectory: configuration.stateDirectory, logger: logger).urn,
                events: events, logger: logger, onStatus: onStatus))
        server = ControlServer(
            access: configuration.access, tokens: tokens, backend: seats, logger: logger)
    }

    /// Opens the control API; returns its addresses with the actual ports.
    package func start() throws(HTTPServer.StartFailure) -> [Endpoint] {
        seats.start()
        return try server.start(listeners)
    }

    /// What there is to say of seats nobody is logged in at.
    package static let firstStatus = StatusLine.nobody

    /// Returns when the queues of the seats and of the control API have come to it, without which no call and no command goes on.
    /// The disk is none of them: its silence holds up nobody.
    package func comeRound() async {
        await seats.comeRound()
        await server.comeRound()
    }

    /// How long ``stop()`` may take: for the platform to hear of it, for requests in flight, for the disk.
    package let stopTime: Duration

    /// Logs the seats out and tells of it, then closes the control API, so that subscribers hear the end, then the journal, in
    /// which everything is that anyone was told.
    package func stop() async {
        server.prepareToStop()
        await seats.stop()
        await events.settled()
        await server.stop()
        await events.close()
        tokens.save()
    }
}
