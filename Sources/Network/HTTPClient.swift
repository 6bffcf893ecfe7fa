import Crypto
import Dispatch
import HTTP
import HTTPTypes
import Wire

/// Sends requests over HTTP/1.1, each on a connection of its own; usable from any thread.
///
/// Foundation's client is no choice here: on Linux it cannot be told which certificate authorities to believe.
package struct HTTPClient: Sendable {
    package typealias Completion = @Sendable (Result<ResponseParser.Response, Failure>) -> Void

    package enum Failure: Error, Hashable, Sendable {
        case invalidURL
        case dial(DialFailure)
        case malformed
        case tooLarge
        case timedOut
    }

    private let route: ServerRoute
    private let timeLimit: Duration
    private let bodyLimit: Int
    private let executor = QueueExecutor(label: "http-client")

    /// - Parameter unixSocket: the path of a Unix socket to connect to instead of the URLs' hosts and ports.
    package init(
        trust: TLSContext.Trust, unixSocket: String? = nil, proxy: Proxy? = nil, timeLimit: Duration = .seconds(10),
        bodyLimit: Int = 1024 * 1024
    ) {
        route = ServerRoute(trust: trust, proxy: proxy, unixSocket: unixSocket)
        self.timeLimit = timeLimit
        self.bodyLimit = bodyLimit
    }

    /// Sends a request to a URL whose query may hold secrets; redirections are answers like any other.
    package func send(
        _ method: HTTPRequest.Method = .get, _ url: Redacted<String>, fields: HTTPFields = [:], body: [UInt8] = [],
        completion: @escaping Completion
    ) {
        guard let url = WebSocketURL(url.value, schemes: ("http", "https")) else {
            return completion(.failure(.invalidURL))
        }
        let exchange = HTTPExchange(
            to: url, request: Self.message(method, url, fields, body), bodyLimit: bodyLimit, on: executor,
            completion: completion)
        executor.queue.async { [route, timeLimit] in
            exchange.assumeIsolated { $0.begin(by: route, timeLimit: timeLimit) }
        }
    }

    private static func message(
        _ method: HTTPRequest.Method, _ url: WebSocketURL, _ fields: HTTPFields, _ body: [UInt8]
    ) -> [UInt8] {
        var lines = ["\(method.rawValue) \(url.target) HTTP/1.1", "Host: \(url.authority)", "Connection: close"]
        lines += fields.map { "\($0.name.rawName): \($0.value)" }
        if !body.isEmpty || method == .post { lines.append("Content-Length: \(body.count)") }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8) + body
    }
}

/// One request and its answer; keeps itself alive until it has ended.
private actor HTTPExchange {
    private enum Phase {
        case idle
        case dialling(Dialer)
        case waiting(StreamConnection)
        case ended
    }

    nonisolated private let executor: QueueExecutor
    private let url: WebSocketURL
    private let request: [UInt8]
    private let completion: HTTPClient.Completion
    private var parser: ResponseParser
    private var phase = Phase.idle
    private var timer: DeadlineTimer?

    init(
        to url: WebSocketURL, request: [UInt8], bodyLimit: Int, on executor: QueueExecutor,
        completion: @escaping HTTPClient.Completion
    ) {
        self.url = url
        self.request = request
        self.executor = executor
        self.completion = completion
        parser = ResponseParser(bodyLimit: bodyLimit)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func begin(by route: ServerRoute, timeLimit: Duration) {
        timer = DeadlineTimer(on: executor) { self.assumeIsolated { $0.end(.failure(.timedOut)) } }
        timer?.deadline = MonotonicClock.now + timeLimit
        phase = .dialling(
            Dialer(to: url, by: route, on: executor) { result in
                self.assumeIsolated { $0.dialled(result) }
            })
    }

    private func dialled(_ result: Dialer.Result) {
        switch result {
        case .failure(let failure): end(.failure(.dial(failure)))
        case .success(let connection): ask(over: connection)
        }
    }

    private func ask(over connection: Dialled) {
        let callbacks = StreamCallbacks(
            onReceive: { bytes in self.assumeIsolated { $0.received(bytes) } }, onDrained: {},
            onEnd: { self.assumeIsolated { $0.connectionEnded() } },
            onClosed: { failure in self.assumeIsolated { $0.connectionClosed(failure) } })
        let stream = connection.stream(queueLimit: request.count, on: executor, callbacks: callbacks)
        phase = .waiting(stream)
        let request = request
        stream.send(request.span)
    }

    private func received(_ bytes: Span<UInt8>) {
        do throws(ResponseParser.Failure) {
            if let response = try parser.receive(bytes) { end(.success(response)) }
        } catch {
            end(.failure(HTTPClient.Failure(error)))
        }
    }

    private func connectionEnded() {
        do throws(ResponseParser.Failure) {
            end(.success(try parser.connectionEnded()))
        } catch {
            end(.failure(HTTPClient.Failure(error)))
        }
    }

    private func connectionClosed(_ failure: StreamFailure?) {
        switch failure {
        case .system(let error): end(.failure(.dial(DialFailure(error))))
        case .tls(let error): end(.failure(.dial(DialFailure(error))))
        case .overflowed, nil: connectionEnded()
        }
    }

    private func end(_ result: Result<ResponseParser.Response, HTTPClient.Failure>) {
        switch phase {
        case .dialling(let dialer): dialer.cancel()
        case .waiting(let stream): stream.cancel()
        case .idle: break
        case .ended: return
        }
        phase = .ended
        timer = nil
        completion(result)
    }
}

extension HTTPClient.Failure {
    fileprivate init(_ failure: ResponseParser.Failure) {
        self =
            switch failure {
            case .malformed: .malformed
            case .tooLarge: .tooLarge
            }
    }
}
