import ControlAPI
import ControlServer
import Crypto
import Logging
import Network
import Wire

/// The daemon: a switchboard and the control API in front of it.
package final class Daemon: Sendable {
    private let switchboard: Switchboard
    private let tokens: TokenStore
    private let server: ControlServer
    private let configuration: Configuration

    package init(configuration: Configuration, logger: Logger) throws(TokenStore.Failure) {
        self.configuration = configuration
        tokens = try TokenStore(directory: configuration.stateDirectory) { failure in
            logger.error("tokens", metadata: ["failure": "\(failure)"])
        }
        try tokens.makeFirst()
        switchboard = Switchboard(configuration: configuration, certificate: .selfSigned(), logger: logger)
        server = ControlServer(
            access: configuration.access, tokens: tokens, backend: switchboard, logger: logger)
    }

    /// Opens the control API; returns its addresses with the actual ports.
    package func start() throws(HTTPServer.StartFailure) -> [Endpoint] {
        try server.start(configuration.server)
    }

    /// Logs the seat out, then closes the control API, so that subscribers hear the end.
    package func stop() async {
        server.prepareToStop()
        await switchboard.stop()
        await server.stop()
        tokens.save()
    }
}

extension Configuration {
    fileprivate var server: HTTPServer.Configuration {
        HTTPServer.Configuration(
            listeners: endpoints.map { .tcp($0) } + (socketPath.map { [.unix(path: $0)] } ?? []))
    }

    /// The addresses listened on are names the daemon goes by, beside those configured.
    fileprivate var access: AccessControl.Configuration {
        let own = endpoints.map { $0.address.isIPv4 ? "\($0.address)" : "[\($0.address)]" }
        return AccessControl.Configuration(hosts: Set(allowedHosts + own), origins: Set(allowedOrigins))
    }
}

extension Switchboard: ControlBackend {
    nonisolated func perform(_ command: Command, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        enter { $0.carryOut(command, completion: completion) }
    }

    nonisolated func state(completion: @escaping @Sendable (JSON) -> Void) {
        Task { completion(await snapshot()) }
    }

    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        enter { $0.add(subscriber, after: after, to: sink) }
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        enter { $0.remove(subscriber) }
    }
}
