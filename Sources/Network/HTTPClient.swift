import Crypto
import Dispatch
import HTTP
import HTTPTypes
import Wire

/// Gets documents over HTTP/1.1, each on a connection of its own; usable from any thread.
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

    private let trust: TLSContext.Trust
    private let timeLimit: Duration
    private let bodyLimit: Int
    private let executor = QueueExecutor(label: "http-client")

    package init(trust: TLSContext.Trust, timeLimit: Duration = .seconds(10), bodyLimit: Int = 1024 * 1024) {
        self.trust = trust
        self.timeLimit = timeLimit
        self.bodyLimit = bodyLimit
    }

    /// Gets a URL whose query may hold secrets; redirections are answers like any other.
    package func get(_ url: Redacted<String>, completion: @escaping Completion) {
        guard let target = WebSocketURL(url.value, schemes: ("http", "https")) else {
            return completion(.failure(.invalidURL))
        }
        let exchange = HTTPExchange(bodyLimit: bodyLimit, on: executor, completion: completion)
        executor.queue.async { [trust, timeLimit] in
            exchange.assumeIsolated { $0.begin(target, trust: trust, timeLimit: timeLimit) }
        }
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
    private let completion: HTTPClient.Completion
    private var parser: ResponseParser
    private var phase = Phase.idle
    private var timer: DeadlineTimer?

    init(bodyLimit: Int, on executor: QueueExecutor, completion: @escaping HTTPClient.Completion) {
        self.executor = executor
        self.completion = completion
        parser = ResponseParser(bodyLimit: bodyLimit)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func begin(_ url: WebSocketURL, trust: TLSContext.Trust, timeLimit: Duration) {
        timer = DeadlineTimer(on: executor) { self.assumeIsolated { $0.end(.failure(.timedOut)) } }
        timer?.deadline = MonotonicClock.now + timeLimit
        phase = .dialling(
            Dialer(to: url, trust: trust, on: executor) { result in
                self.assumeIsolated { $0.dialled(result, url) }
            })
    }

    private func dialled(_ result: Dialer.Result, _ url: WebSocketURL) {
        switch result {
        case .failure(let failure): end(.failure(.dial(failure)))
        case .success(let connection): request(url, over: connection)
        }
    }

    private func request(_ url: WebSocketURL, over connection: Dialled) {
        let text = "GET \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        let callbacks = StreamCallbacks(
            onReceive: { bytes in self.assumeIsolated { $0.received(bytes) } }, onDrained: {},
            onEnd: { self.assumeIsolated { $0.connectionEnded() } },
            onClosed: { failure in self.assumeIsolated { $0.connectionClosed(failure) } })
        let stream = connection.stream(queueLimit: text.utf8.count, on: executor, callbacks: callbacks)
        phase = .waiting(stream)
        stream.send(Array(text.utf8).span)
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
