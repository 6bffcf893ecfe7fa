import Crypto
import Dispatch
import Glibc
import HTTP
import Wire

/// Why no stream to a server could be had.
package enum DialFailure: Error, Hashable, Sendable {
    case dnsFailed
    case refused
    case timedOut
    /// The network failed in another way: unreachable, reset.
    case network(SystemError)
    /// The server's certificate is not acceptable; the error says why.
    case certificateRejected(VerifyError)
    case tlsFailed(TLSFailure)
    /// The file of trusted authorities, of our certificate or of its key cannot be used.
    case tlsFileUnusable(TLSContext.Failure)
    /// The proxy made no tunnel.
    case proxyFailed(ProxyConnect.Failure)

    init(_ error: SystemError) {
        self = error.code == ECONNREFUSED ? .refused : error.code == ETIMEDOUT ? .timedOut : .network(error)
    }

    init(_ failure: TLSFailure) {
        switch failure {
        case .certificateUntrusted(let why), .certificateExpired(let why), .certificateWrongName(let why):
            self = .certificateRejected(why)
        default: self = .tlsFailed(failure)
        }
    }
}

/// The way to a server, and what is made of it there.
package struct ServerRoute: Sendable {
    package var trust = TLSContext.Trust.system
    /// What is shown to a server that asks for a certificate.
    package var identity: TLSContext.Identity?
    /// Connects, and looks the server's name up, in our place.
    package var proxy: Proxy?
    /// The path of a Unix socket to connect to instead of the URL's host and port; it needs no TLS, whatever the URL says.
    package var unixSocket: String?

    package init(
        trust: TLSContext.Trust = .system, identity: TLSContext.Identity? = nil, proxy: Proxy? = nil,
        unixSocket: String? = nil
    ) {
        self.trust = trust
        self.identity = identity
        self.proxy = proxy
        self.unixSocket = unixSocket
    }
}

/// Finds a server's addresses and connects to the first that answers; owned and used on its executor only, where `onEnd` runs.
package final class Dialer {
    package typealias Result = Swift.Result<Dialled, DialFailure>

    private let url: WebSocketURL
    private let route: ServerRoute
    private let executor: QueueExecutor
    private let onEnd: (Result) -> Void
    private var connector: TCPConnector?
    private var tunnel: ProxyTunnel?
    private var isCancelled = false

    /// `onEnd` is called once, unless ``cancel()`` comes first.
    package init(
        to url: WebSocketURL, by route: ServerRoute, on executor: QueueExecutor, onEnd: @escaping (Result) -> Void
    ) {
        self.url = url
        self.route = route
        self.executor = executor
        self.onEnd = onEnd
        let onExecutor = Unchecked(self)
        if let unixSocket = route.unixSocket {
            executor.queue.async { onExecutor.value.connect(to: unixSocket) }
            return
        }
        HostName.resolve(route.proxy?.host ?? url.host, port: route.proxy?.port ?? url.port, on: executor) {
            endpoints in
            onExecutor.value.resolved(endpoints)
        }
    }

    package func cancel() {
        isCancelled = true
        connector?.cancel()
        connector = nil
        tunnel?.cancel()
        tunnel = nil
    }

    /// A Unix socket connects at once or not at all.
    private func connect(to path: String) {
        guard !isCancelled else { return }
        let result = Swift.Result { () throws(SystemError) in try ConnectedSocket(connectedTo: path) }
        onEnd(result.map { Dialled(socket: $0, context: nil, host: url.host) }.mapError(DialFailure.init))
    }

    private func resolved(_ endpoints: [Endpoint]) {
        guard !isCancelled else { return }
        guard !endpoints.isEmpty else { return onEnd(.failure(.dnsFailed)) }
        guard url.isSecure else { return connect(to: endpoints, nil) }
        let (route, executor, onExecutor) = (route, executor, Unchecked(self))
        DispatchQueue.global().async {
            // It may block on the disk.
            let context = Swift.Result { () throws(TLSContext.Failure) in
                try TLSContext(client: route.trust, identity: route.identity)
            }
            executor.queue.async { onExecutor.value.connect(to: endpoints, context) }
        }
    }

    private func connect(to endpoints: [Endpoint], _ context: Swift.Result<TLSContext, TLSContext.Failure>?) {
        guard !isCancelled else { return }
        do throws(TLSContext.Failure) {
            let context = try context?.get()
            connector = TCPConnector(to: endpoints, on: executor) { [weak self] in self?.connected($0, context) }
        } catch {
            onEnd(.failure(.tlsFileUnusable(error)))
        }
    }

    private func connected(_ result: Swift.Result<ConnectedSocket, SystemError>, _ context: TLSContext?) {
        connector = nil
        switch result {
        case .failure(let error): onEnd(.failure(DialFailure(error)))
        case .success(let socket):
            let dialled = Dialled(socket: socket, context: context, host: url.host)
            guard let proxy = route.proxy else { return onEnd(.success(dialled)) }
            tunnel = ProxyTunnel(through: socket, to: url, of: proxy, on: executor) { [weak self] result in
                self?.tunnel = nil
                self?.onEnd(result.map { dialled })
            }
        }
    }
}

/// A connection to the server that was asked for, before its TLS handshake.
package struct Dialled {
    let socket: ConnectedSocket
    fileprivate let context: TLSContext?
    fileprivate let host: String

    /// This side's; nil for a Unix socket.
    package var localAddress: IPAddress? { socket.local?.address }

    /// Makes the stream; its certificate is checked against the host that was asked for.
    package func stream(queueLimit: Int, on executor: QueueExecutor, callbacks: StreamCallbacks) -> StreamConnection {
        guard let context else {
            return StreamConnection(socket, queueLimit: queueLimit, on: executor, callbacks: callbacks)
        }
        return StreamConnection(
            socket, tls: TLSSession(client: context, serverName: host), queueLimit: queueLimit, on: executor,
            callbacks: callbacks)
    }
}

/// Carries an executor's own object through a closure that comes back to the executor.
private struct Unchecked<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
