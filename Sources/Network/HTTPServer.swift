import Crypto
import Dispatch
import HTTP
import HTTPTypes
import Logging
import Wire

/// An HTTP/1.1 and WebSocket server on Dispatch sockets.
///
/// All its connections live on one serial queue. A request's closure runs there too and must be brief: it answers at once
/// or keeps the ``Responder`` and answers later, from any thread.
package actor HTTPServer {
    package typealias RequestClosure = @Sendable (_ request: IncomingRequest, _ responder: Responder) -> Void

    package enum StartFailure: Error, Hashable {
        case listen(Listener.Address, SystemError)
    }

    nonisolated private let executor = QueueExecutor(label: "http-server")
    nonisolated private let configuration: Configuration
    nonisolated private let logger: Logger
    nonisolated private let onRequest: RequestClosure
    private var listeners: [TCPListener] = []
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var isStopping = false
    private var graceTimer: DeadlineTimer?
    private var stopped: [CheckedContinuation<Void, Never>] = []

    package init(configuration: Configuration, logger: Logger, onRequest: @escaping RequestClosure) {
        self.configuration = configuration
        self.logger = logger
        self.onRequest = onRequest
    }

    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens the listeners, all of them or none; returns the network addresses among them with the actual ports, in the
    /// order configured.
    nonisolated package func start() throws(StartFailure) -> [Endpoint] {
        var sockets: [(ListeningSocket, TLSContext?)] = []
        for listener in configuration.listeners {
            do {
                sockets.append((try ListeningSocket(listener.address), listener.tls))
            } catch {
                for (socket, _) in sockets { socket.file?.remove() }
                throw .listen(listener.address, error)
            }
        }
        executor.queue.async { [sockets] in self.assumeIsolated { $0.listen(on: sockets) } }
        return sockets.compactMap(\.0.localEndpoint)
    }

    /// Stops accepting, lets requests in flight finish, closes WebSockets with 1001; cuts what is left after the grace period.
    package func stop() async {
        beginStop()
        guard !connections.isEmpty else { return }
        await withCheckedContinuation { stopped.append($0) }
    }

    private func beginStop() {
        guard !isStopping else { return }
        isStopping = true
        listeners = []
        for connection in connections.values { connection.assumeIsolated { $0.stop() } }
        graceTimer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.cutAll() } }
        graceTimer?.deadline = MonotonicClock.now + configuration.gracePeriod
    }

    private func listen(on sockets: [(ListeningSocket, TLSContext?)]) {
        guard !isStopping else { return }
        listeners += sockets.map { socket, tls in
            logger.info("listening", metadata: ["address": "\(socket.localEndpoint.map(\.description) ?? "unix")"])
            return TCPListener(socket, on: executor) { [weak self] connection in
                self?.assumeIsolated { $0.accepted(connection, tls) }
            }
        }
    }

    private func accepted(_ socket: ConnectedSocket, _ tls: TLSContext?) {
        guard connections.count < configuration.limits.connections else {
            logger.debug("connection limit reached", metadata: ["limit": "\(configuration.limits.connections)"])
            return
        }
        let connection = HTTPConnection(
            socket, scheme: tls == nil ? "http" : "https", limits: configuration.limits, logger: logger,
            on: executor, onRequest: onRequest,
            onClosed: { [weak self] connection in self?.assumeIsolated { $0.closed(connection) } })
        connections[ObjectIdentifier(connection)] = connection
        connection.assumeIsolated { $0.start(socket, tls: tls) }
    }

    private func closed(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        graceTimer = nil
        for continuation in stopped { continuation.resume() }
        stopped = []
    }

    private func cutAll() {
        for connection in connections.values { connection.assumeIsolated { $0.cut() } }
    }
}

extension HTTPServer {
    package struct Configuration: Sendable {
        package var listeners: [Listener]
        package var limits: Limits
        package var gracePeriod = Duration.seconds(5)

        package init(listeners: [Listener], limits: Limits = Limits()) {
            self.listeners = listeners
            self.limits = limits
        }

        package init(endpoints: [Endpoint], tls: TLSContext? = nil, limits: Limits = Limits()) {
            self.init(listeners: endpoints.map { .tcp($0, tls: tls) }, limits: limits)
        }
    }

    /// A place where the server takes connections.
    package struct Listener: Sendable {
        package enum Address: Hashable, Sendable {
            /// A port may be 0.
            case tcp(Endpoint)
            case unix(path: String)
            /// A listening socket, TCP or Unix, that this process was started with.
            case inherited(descriptor: Int32)
        }

        package let address: Address
        /// What makes it speak TLS.
        package let tls: TLSContext?

        package static func tcp(_ endpoint: Endpoint, tls: TLSContext? = nil) -> Listener {
            Listener(address: .tcp(endpoint), tls: tls)
        }

        /// A socket that only this user may connect to, removed when the server stops.
        package static func unix(path: String) -> Listener {
            Listener(address: .unix(path: path), tls: nil)
        }

        package static func inherited(_ descriptor: Int32, tls: TLSContext? = nil) -> Listener {
            Listener(address: .inherited(descriptor: descriptor), tls: tls)
        }
    }

    package struct Limits: Sendable {
        package var connections = 1024
        /// Bytes of a request's header section, its request line included.
        package var header = 16 * 1024
        package var body = 1024 * 1024
        package var webSocketMessage = 1024 * 1024
        /// Bytes that may wait to be sent on one WebSocket before it is cut off.
        package var webSocketQueue = 1024 * 1024
        /// Bytes that may wait to be sent on one ``ResponseStream`` before it is cut off.
        package var streamQueue = 1024 * 1024
        /// From the first byte of a request to its last, a TLS handshake counted in.
        package var requestTime = Duration.seconds(10)
        /// Between two requests of a connection.
        package var idleTime = Duration.seconds(60)
        package var pingInterval = Duration.seconds(20)
        /// How long nothing may come on a WebSocket before the peer counts as dead.
        package var silenceLimit = Duration.seconds(45)
        /// How long the peer of a WebSocket may take to answer a close frame.
        package var closeTime = Duration.seconds(5)

        package init() {}
    }
}

extension ListeningSocket {
    fileprivate init(_ address: HTTPServer.Listener.Address) throws(SystemError) {
        switch address {
        case .tcp(let endpoint): try self.init(on: endpoint)
        case .unix(let path): try self.init(at: path)
        case .inherited(let descriptor): try self.init(inherited: descriptor)
        }
    }
}
