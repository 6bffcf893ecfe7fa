import HTTP
import Wire

/// An HTTP proxy that makes tunnels to servers.
package struct Proxy: Sendable {
    package let host: String
    package let port: UInt16
    /// For a proxy that asks who one is, by the scheme Basic.
    package var credentials: (user: String, password: Redacted<String>)?

    package init(host: String, port: UInt16, credentials: (user: String, password: Redacted<String>)? = nil) {
        self.host = host
        self.port = port
        self.credentials = credentials
    }
}

/// Has the proxy at the other end of a socket make a tunnel of it; owned and used on its executor only, where `onEnd` runs.
final class ProxyTunnel {
    private let onEnd: (Result<Void, DialFailure>) -> Void
    private var connect: ProxyConnect
    private var stream: StreamConnection?

    /// `onEnd` is called once, unless ``cancel()`` comes first; the socket is the caller's again then.
    init(
        through socket: ConnectedSocket, to url: WebSocketURL, of proxy: Proxy, on executor: QueueExecutor,
        onEnd: @escaping (Result<Void, DialFailure>) -> Void
    ) {
        self.onEnd = onEnd
        connect = ProxyConnect(to: url.hostAndPort, credentials: proxy.credentials)
        let callbacks = StreamCallbacks(
            onReceive: { [weak self] bytes in self?.received(bytes) }, onDrained: {},
            onEnd: { [weak self] in self?.end(.failure(.proxyFailed(.malformed))) },
            onClosed: { [weak self] failure in self?.closed(failure) })
        let stream = StreamConnection(
            socket, queueLimit: connect.request.count, on: executor, callbacks: callbacks)
        self.stream = stream
        stream.send(connect.request.span)
    }

    func cancel() {
        stream?.cancel()
        stream = nil
    }

    private func received(_ bytes: Span<UInt8>) {
        do throws(ProxyConnect.Failure) {
            if try connect.receive(bytes) { end(.success(())) }
        } catch {
            end(.failure(.proxyFailed(error)))
        }
    }

    private func closed(_ failure: StreamFailure?) {
        if case .system(let error)? = failure { return end(.failure(DialFailure(error))) }
        end(.failure(.proxyFailed(.malformed)))
    }

    private func end(_ result: Result<Void, DialFailure>) {
        guard stream != nil else { return }
        cancel()
        onEnd(result)
    }
}
