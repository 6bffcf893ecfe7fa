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
    package typealias Answer = (response: HTTPResponse, body: [UInt8])
    /// Given a request without its body: the answer it gets at once, nil to go on.
    package typealias HeadClosure = @Sendable (IncomingRequest) -> Answer?
    /// Given the request, if it came to one.
    package typealias RefusalClosure = @Sendable (HTTPResponse.Status, IncomingRequest?) -> Answer

    package enum StartFailure: Error, Hashable, CustomStringConvertible {
        case listen(Listener.Address, SystemError)

        package var description: String {
            switch self {
            case .listen(let address, let error): "cannot listen on \(address) (\(error))"
            }
        }
    }

    nonisolated private let executor = QueueExecutor(label: "http-server", lingers: true)
    nonisolated private let configuration: Configuration
    nonisolated private let logger: Logger
    nonisolated private let onRequest: RequestClosure
    private var listeners: [TCPListener] = []
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var admission: Admission
    private var isStopping = false
    private var graceTimer: DeadlineTimer?
    private var stopped: [CheckedContinuation<Void, Never>] = []

    package init(configuration: Configuration, logger: Logger, onRequest: @escaping RequestClosure) {
        self.configuration = configuration
        self.logger = logger
        self.onRequest = onRequest
        admission = Admission(configuration.limits)
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
        executor.async { [sockets] in self.assumeIsolated { $0.listen(on: sockets) } }
        return sockets.compactMap(\.0.localEndpoint)
    }

    /// Stops accepting, lets requests in flight finish, closes WebSockets with 1001; cuts what is left after the grace period.
    package func stop() async {
        beginStop()
        guard !connections.isEmpty else { return }
        await withCheckedContinuation { stopped.append($0) }
    }

    /// Returns when the queue of the connections has come to it.
    package func comeRound() {}

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
        let verdict = admission.admit(socket.peer)
        if verdict != .admitted { logger.debug("connection limit reached", metadata: ["verdict": "\(verdict)"]) }
        guard verdict != .dropped else { return }
        let connection = HTTPConnection(
            socket, scheme: tls == nil ? "http" : "https", isTurnedAway: verdict == .refused,
            configuration: configuration, logger: logger, on: executor, onRequest: onRequest,
            onClosed: { [weak self] connection in self?.assumeIsolated { $0.closed(connection, verdict) } })
        connections[ObjectIdentifier(connection)] = connection
        connection.assumeIsolated { $0.start(socket, tls: tls) }
    }

    private func closed(_ connection: HTTPConnection, _ verdict: Admission.Verdict) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        admission.leave(connection.peer, verdict)
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
        /// Asked before the body of a request is waited for.
        package var onHead: HeadClosure = { _ in nil }
        /// The answer where the server answers by itself: to what is no request, is one too many or was left unanswered.
        package var refusal: RefusalClosure = { status, _ in (HTTPResponse(status: status), []) }

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
        package enum Address: Hashable, Sendable, CustomStringConvertible {
            /// A port may be 0.
            case tcp(Endpoint)
            case unix(path: String)
            /// A listening socket, TCP or Unix, that this process was started with.
            case inherited(descriptor: Int32)

            package var description: String {
                switch self {
                case .tcp(let endpoint): "\(endpoint)"
                case .unix(let path): path
                case .inherited(let descriptor): "the inherited socket \(descriptor)"
                }
            }
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
        /// Connections in all; one more is answered with 503.
        package var connections = 2048
        /// Connections of one IPv4 address, one IPv6 /64 or one local user; one more is answered with 503.
        package var connectionsPerPeer = 1536
        /// Bytes of a request line; a longer one is answered with 414.
        package var requestLine = 8 * 1024
        /// Bytes of a request's field lines; more are answered with 431.
        package var header = 16 * 1024
        /// Field lines of a request; more are answered with 431.
        package var fieldCount = 100
        /// Bytes of a request's body; more are answered with 413.
        package var body = 1024 * 1024
        /// Bytes of further requests that may wait for the answer to the first, and of answers that the client does not read.
        package var pipeline = 64 * 1024
        package var webSocketMessage = 1024 * 1024
        /// Bytes that may wait to be sent on one WebSocket before it is cut off.
        package var webSocketQueue = 1024 * 1024
        /// Bytes that may wait to be sent on one ``ResponseStream`` before it is cut off.
        package var streamQueue = 1024 * 1024
        /// From the first byte of a request to the end of its fields, a TLS handshake counted in; more is answered with 408.
        package var headerTime = Duration.seconds(10)
        /// From the first byte of a request to its last; more is answered with 408.
        package var requestTime = Duration.seconds(30)
        /// Between two requests of a connection, which is then closed.
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
