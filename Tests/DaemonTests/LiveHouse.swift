import Audio
import Crypto
import Daemon
import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Simulator
import Synchronization
import Testing
import Wire

/// The daemon and the simulated platform in one process, joined by real sockets, driven over the API.
final class LiveHouse: Sendable {
    struct Answer: Sendable, Equatable {
        let status: Int
        let body: JSON
        let fields: HTTPFields
    }

    static let user: JSON = ["un": "1001", "pwd": "1001", "switchnumber": "02566699734"]
    static let login: JSON = ["un": "1001", "pwd": "1001", "switchnumber": "02566699734", "gid": 2033]

    let platform: PlatformServer
    let addresses: PlatformServer.Addresses
    let token: String
    let url: String
    let log: RecordedLog
    private let daemon: Daemon
    private let folder: URL
    private let web: HTTPClient
    private let eventTime = Duration.seconds(20)

    /// - Parameter authorities: whom the daemon trusts, the platform's own authority by default.
    static func open(
        authorities: String? = nil, configure: (inout Configuration) -> Void = { _ in }
    ) async throws -> LiveHouse {
        let folder = FileManager.default.temporaryDirectory.appending(path: "house-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let log = RecordedLog()
        let platform = PlatformServer(
            configuration: PlatformServer.Configuration(stateDirectory: folder.path + "/platform"),
            logger: RecordedLog().logger)
        let addresses = try await platform.start()
        var configuration = Configuration(
            endpoints: [Endpoint(.loopback4, port: 0)], stateDirectory: folder.path + "/daemon",
            hosts: ["025": "\(addresses.http)", "010": "127.0.0.1:1"], socketURI: "wss://\(addresses.sip)",
            authorities: authorities ?? addresses.authorityFile, mediaAddresses: [.loopback4])
        configuration.microphone = .tone(frequency: 440, level: -20)
        configuration.speaker = .null
        configuration.socketPath = folder.path + "/run/control.sock"
        configure(&configuration)
        let daemon = try Daemon(configuration: configuration, logger: log.logger)
        let port = try #require(try daemon.start().first).port
        let token = try String(contentsOfFile: folder.path + "/daemon/token", encoding: .utf8)
        return LiveHouse(
            platform: platform, addresses: addresses, daemon: daemon, folder: folder, log: log,
            token: token.trimmingCharacters(in: .whitespacesAndNewlines), url: "http://127.0.0.1:\(port)")
    }

    private init(
        platform: PlatformServer, addresses: PlatformServer.Addresses, daemon: Daemon, folder: URL, log: RecordedLog,
        token: String, url: String
    ) {
        self.platform = platform
        self.addresses = addresses
        self.daemon = daemon
        self.folder = folder
        self.log = log
        self.token = token
        self.url = url
        web = HTTPClient(trust: .authorities(file: addresses.authorityFile), timeLimit: eventTime)
    }

    func stop() async {
        await daemon.stop()
    }

    func close() async {
        await stop()
        await platform.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    var stateDirectory: String { folder.path + "/daemon" }
    var tokenFile: String { stateDirectory + "/token" }
    var socket: String { folder.path + "/run/control.sock" }
}

/// Requests.
extension LiveHouse {
    func get(_ path: String, token: String? = nil) async throws -> Answer {
        try await send(.get, url + "/v1/" + path, nil, bearer: token ?? self.token)
    }

    @discardableResult
    func post(_ path: String, _ body: JSON? = nil, token: String? = nil) async throws -> Answer {
        try await send(.post, url + "/v1/" + path, body, bearer: token ?? self.token)
    }

    func patch(_ path: String, _ body: JSON) async throws -> Answer {
        try await send(.patch, url + "/v1/" + path, body, bearer: token)
    }

    /// The scenario API of the platform.
    @discardableResult
    func scenario(
        _ path: String, _ body: JSON, method: HTTPRequest.Method = .post
    ) async throws -> Answer {
        try await send(method, "https://\(addresses.http)/sim/" + path, body)
    }

    @discardableResult
    func scenario(_ path: String, put body: JSON) async throws -> Answer {
        try await send(.put, "https://\(addresses.http)/sim/" + path, body)
    }

    /// Everything the platform has to show.
    func scenarioState() async throws -> JSON {
        try await send(.get, "https://\(addresses.http)/sim/state", nil).body
    }

    func send(
        _ method: HTTPRequest.Method, _ url: String, _ body: JSON?, bearer: String? = nil,
        type: String = "application/json"
    ) async throws -> Answer {
        var fields: HTTPFields = [:]
        if let bearer { fields[.authorization] = "Bearer \(bearer)" }
        let content = try body.map { [UInt8](try JSONEncoder().encode($0)) } ?? []
        if body != nil { fields[.contentType] = type }
        let response = try await withCheckedThrowingContinuation { continuation in
            web.send(method, Redacted(url), fields: fields, body: content) { continuation.resume(with: $0) }
        }
        let json = (try? JSONDecoder().decode(JSON.self, from: Data(response.body))) ?? .null
        return Answer(status: response.status, body: json, fields: response.fields)
    }

    func logIn(_ events: LiveEvents) async throws {
        #expect(try await post("getUser", Self.user).status == 200)
        #expect(try await post("init", Self.login).body == ["result": true])
        #expect(try await events.next("register")["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 1)
    }

    /// Waits until the agent hears one of these frequencies in its first call.
    func hears(_ frequencies: Double...) async throws {
        let limit = MonotonicClock.now + eventTime
        while MonotonicClock.now < limit {
            let state = try await get("state").body
            let heard = state["seats"]?["default"]?["calls"]?.array?.first?["media"]?["received"]
            if case .number(let frequency)? = heard?["frequency"], case .number(let level)? = heard?["level"],
                level > -40, frequencies.contains(where: { abs($0 - frequency) < $0 * 0.02 })
            {
                return
            }
        }
        Issue.record("never heard \(frequencies)")
    }

    func hearsNothing() async throws {
        let limit = MonotonicClock.now + eventTime
        while MonotonicClock.now < limit {
            let state = try await get("state").body
            let heard = state["seats"]?["default"]?["calls"]?.array?.first?["media"]?["received"]
            switch heard?["level"] {
            case .number(let level)? where level < -60: return
            case .integer(let level)? where level < -60: return
            default: continue
            }
        }
        Issue.record("never silent")
    }
}

/// One subscription to the daemon's events.
final class LiveEvents: Sendable {
    struct Ended: Error {}

    private let client: WebSocketClient
    private let closing: Mutex<WebSocketClient.CloseReason?> = Mutex(nil)
    private let messages: AsyncStream<JSON>
    private let opening: AsyncStream<WebSocketClient.CloseReason?>

    init(
        _ house: LiveHouse, seat: String? = nil, after: String? = nil, token: String? = nil,
        inSubprotocol: Bool = false,
        origin: String? = nil
    ) throws {
        let (messages, received) = AsyncStream.makeStream(of: JSON.self)
        let (opening, opened) = AsyncStream.makeStream(of: WebSocketClient.CloseReason?.self)
        self.messages = messages
        self.opening = opening
        let query = after.map { "?after=" + $0 } ?? ""
        let url = try #require(
            WebSocketURL(
                house.url + "/v1/\(seat.map { "seats/\($0)/" } ?? "")events" + query, schemes: ("http", "https")))
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["phonebard.v1"])
        let token = token ?? house.token
        if inSubprotocol {
            configuration.subprotocols.append("bearer." + token)
        } else {
            configuration.fields[.authorization] = "Bearer " + token
        }
        configuration.fields[.origin] = origin
        client = WebSocketClient(
            configuration, on: QueueExecutor(label: "events"), logger: RecordedLog().logger,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in opened.yield(nil) },
                onMessage: { message in
                    if let event = try? JSONDecoder().decode(JSON.self, from: Data(message.bytes)) {
                        received.yield(event)
                    }
                },
                onClose: { reason in
                    opened.yield(reason)
                    received.finish()
                }))
    }

    /// Connects; the reason if that fails.
    func open() async -> WebSocketClient.CloseReason? {
        client.connect()
        for await reason in opening { return reason }
        return .timedOut
    }

    func close() { client.close() }

    /// The next event of the SDK's, whole.
    func next() async throws -> JSON {
        for await message in messages where message["event"] != "registration" { return message }
        throw Ended()
    }

    /// The `registration` events up to the one with this word.
    func steps(until word: JSON) async throws -> [JSON] {
        var steps: [JSON] = []
        for await message in messages where message["event"] == "registration" {
            steps.append(message["data"] ?? .null)
            if steps.last?["registration"] == word { return steps }
        }
        throw Ended()
    }

    /// The data of the next event, which has to have this name and type.
    func next(_ name: String, _ type: String? = nil) async throws -> JSON {
        let event = try await next()
        #expect(event["event"] == .string(name))
        #expect(event["type"]?.string == type)
        return event["data"] ?? .null
    }
}

/// A logger that keeps what it was told, to look for what must not be there.
final class RecordedLog: Sendable {
    private let lines: Mutex<[String]> = Mutex([])

    var logger: Logger {
        var logger = Logger(label: "recorded") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
