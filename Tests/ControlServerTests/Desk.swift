import ControlAPI
import ControlServer
import Foundation
import HTTPTypes
import Logging
import Network
import Synchronization
import Wire

/// A control server with nothing real behind it, listening on loopback.
final class Desk: Sendable {
    struct Subscription: Sendable {
        let id: SubscriberID
        let after: LogPosition?
        let sink: any EventSink
    }

    static let secret = "right"

    let backend: Backend
    let tokens: any Tokens
    /// Of a token with the scope `call`.
    let callSecret: String
    let server: ControlServer
    let port: UInt16

    /// - Parameter port: 0 for any.
    init(port: UInt16 = 0, keepAliveInterval: Duration = .seconds(15)) throws {
        backend = Backend()
        let tokens = try TwoTokens()
        self.tokens = tokens
        callSecret = tokens.callSecret
        server = ControlServer(
            access: AccessControl.Configuration(), tokens: tokens, backend: backend, logger: .silent,
            keepAliveInterval: keepAliveInterval)
        let endpoints = [Endpoint(.loopback4, port: port)]
        self.port = try server.start(HTTPServer.Configuration(endpoints: endpoints)).first?.port ?? 0
    }

    /// Sends a request for `path` with the right token and reads until `end` has come.
    func ask(
        _ method: HTTPRequest.Method = .get, _ path: String, _ fields: [String] = [], until end: String? = nil
    ) async throws -> String {
        let client = try RawClient(port: port)
        try client.send(Self.request(method, path, fields + ["Connection: close"]))
        return try await client.receive(upTo: end)
    }

    static func request(_ method: HTTPRequest.Method = .get, _ path: String, _ fields: [String] = []) -> String {
        let lines = ["\(method.rawValue) \(path) HTTP/1.1", "Host: localhost", "Authorization: Bearer \(secret)"]
        return (lines + fields + ["", ""]).joined(separator: "\r\n")
    }
}

/// Says who subscribes and who leaves, and what is to be done.
final class Backend: ControlBackend {
    struct Task: Sendable {
        let command: Command
        let seat: SeatName
        let completion: @Sendable (Result<JSON, Problem>) -> Void
    }

    let tasks: AsyncStream<Task>
    private let asked: AsyncStream<Task>.Continuation
    let subscriptions: AsyncStream<Desk.Subscription>
    let departures: AsyncStream<SubscriberID>
    private let subscribed: AsyncStream<Desk.Subscription>.Continuation
    private let departed: AsyncStream<SubscriberID>.Continuation

    init() {
        (subscriptions, subscribed) = AsyncStream.makeStream()
        (departures, departed) = AsyncStream.makeStream()
        (tasks, asked) = AsyncStream.makeStream()
    }

    func perform(
        _ command: Command, on seat: SeatName, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) {
        asked.yield(Task(command: command, seat: seat, completion: completion))
    }

    func state(of seat: SeatName?, completion: @escaping @Sendable (JSON) -> Void) {
        let seats: JSON = seat.map { .object([$0.text: [:]]) } ?? [:]
        completion(["position": ["epoch": "e", "seq": 0], "journal": ["keeping": true], "seats": seats])
    }

    func sipTrace(_ query: TraceQuery, of seat: SeatName?, completion: @escaping @Sendable ([UInt8]) -> Void) {
        completion(Array("\(query.format) \(query.after) \(query.callID ?? "-") \(seat?.text ?? "-")".utf8))
    }

    func audio(_ change: AudioChange?, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        completion(.success(["changed": .bool(change != nil)]))
    }

    func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        subscribed.yield(Desk.Subscription(id: subscriber, after: after, sink: sink))
    }

    func unsubscribe(_ subscriber: SubscriberID) {
        departed.yield(subscriber)
    }
}

private final class TwoTokens: Tokens {
    private let registry: Mutex<TokenRegistry>
    let callSecret: String

    init() throws {
        var registry = TokenRegistry()
        registry.adopt(firstStart: Redacted(Desk.secret), created: 0)
        var randomness = Randomness.system
        callSecret = try registry.create(TokenRequest(name: "calls", scopes: [.call]), at: 0, using: &randomness)
            .secret.value
        self.registry = Mutex(registry)
    }

    var all: [AccessToken] { registry.withLock { $0.tokens } }

    func token(for secret: Redacted<String>) -> AccessToken? { registry.withLock { $0.token(for: secret) } }

    func create(_ request: TokenRequest) throws(Problem) -> TokenRegistry.Created { throw .stateUnwritable }

    func revoke(_ id: String) throws(Problem) {
        try registry.withLock { registry throws(Problem) in try registry.revoke(id) }
    }
}

extension Logger {
    static var silent: Logger {
        var logger = Logger(label: "silent")
        logger.logLevel = .critical
        return logger
    }
}

extension AsyncStream where Element: Sendable {
    struct Ended: Error {}

    func first() async throws -> Element {
        for await element in self { return element }
        throw Ended()
    }
}
