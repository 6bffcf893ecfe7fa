import ControlAPI
import ControlServer
import Crypto
import Foundation
import Logging
import Network
import Wire

/// The daemon: a switchboard and the control API in front of it.
package final class Daemon: Sendable {
    private let events: EventStream
    private let switchboard: Switchboard
    private let tokens: TokenStore
    private let server: ControlServer
    private let configuration: Configuration

    /// - Throws: ``TokenStore/Failure``, or ``JournalFailure/inUse``.
    package init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        tokens = try TokenStore(directory: configuration.stateDirectory) { failure in
            logger.error("tokens", metadata: ["failure": "\(failure)"])
        }
        try tokens.makeFirst()
        events = try EventStream(journal: configuration.eventJournal, logger: logger)
        switchboard = Switchboard(
            configuration: configuration, certificate: .selfSigned(), events: events, logger: logger)
        server = ControlServer(
            access: configuration.access, tokens: tokens, backend: switchboard, logger: logger)
    }

    /// Opens the control API; returns its addresses with the actual ports.
    package func start() throws -> [Endpoint] {
        try server.start(configuration.server())
    }

    /// Logs the seat out and tells of it, then closes the control API, so that subscribers hear the end.
    package func stop() async {
        server.prepareToStop()
        await switchboard.stop()
        await events.close()
        await server.stop()
        tokens.save()
    }
}

extension Configuration {
    fileprivate func server() throws -> HTTPServer.Configuration {
        var tls: TLSContext?
        if let certificateFile, let keyFile { tls = try TLSContext(server: certificateFile, keyFile: keyFile) }
        var listeners = endpoints.map { HTTPServer.Listener.tcp($0, tls: tls) }
        if let socketPath {
            // The folder may be there; if it cannot be made, the listener says so.
            mkdir((socketPath as NSString).deletingLastPathComponent, 0o700)
            listeners.append(.unix(path: socketPath))
        }
        var server = HTTPServer.Configuration(listeners: listeners, limits: limits.server)
        server.gracePeriod = limits.gracePeriod
        return server
    }

    /// The addresses listened on are names the daemon goes by, beside those configured.
    fileprivate var access: AccessControl.Configuration {
        let own = endpoints.map { $0.address.isIPv4 ? "\($0.address)" : "[\($0.address)]" }
        return AccessControl.Configuration(hosts: Set(allowedHosts + own), origins: Set(allowedOrigins))
    }
}

extension Configuration.Limits {
    fileprivate var server: HTTPServer.Limits {
        var limits = HTTPServer.Limits()
        limits.connections = connections
        limits.header = header
        limits.body = body
        limits.requestTime = requestTimeout
        limits.idleTime = idleTimeout
        limits.webSocketMessage = webSocketMessage
        limits.webSocketQueue = webSocketQueue
        limits.streamQueue = webSocketQueue
        return limits
    }
}

extension Switchboard: ControlBackend {
    nonisolated func perform(_ command: Command, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        enter { $0.carryOut(command, completion: completion) }
    }

    /// Answers when all that the snapshot stands on has been told: a position a client gets is one it can go on from.
    nonisolated func state(completion: @escaping @Sendable (JSON) -> Void) {
        Task {
            let (position, seats, injected) = await snapshot()
            events.whenTold(position) { [events, mayInject] in
                var members: [String: JSON] = [
                    "position": ["epoch": .string(position.epoch), "seq": .integer(Int64(clamping: position.seq))],
                    "journal": events.condition,
                    "seats": seats,
                ]
                if mayInject { members["injected"] = .integer(Int64(injected)) }
                completion(.object(members))
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
