import Crypto
import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Synchronization
import Testing
import Wire

/// The daemon's program with a seat to log in: the simulator beside it is asked for the user, the registrar is another's.
final class LiveDaemon: Sendable {
    static let user: JSON = ["un": "1001", "pwd": "1001", "switchnumber": "02566699734"]
    static let login: JSON = ["un": "1001", "pwd": "1001", "switchnumber": "02566699734", "gid": 2033]

    let log: Program
    private let platform: Program
    private let folder: URL
    private let web: HTTPClient
    private let events: AsyncStream<JSON>
    /// The `registration` events that were passed on the way to what was waited for.
    private let passed: Mutex<[JSON]> = Mutex([])
    private let subscription: WebSocketClient

    /// - Parameters:
    ///   - authorities: PEM files of whom it trusts besides the simulator.
    ///   - microphone: what the agent says.
    init(in namespace: String, gateways: String, authorities: [String], microphone: String = "null") async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "daemon-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        platform = try Program(
            [Program.own("platform-sim"), "--state-dir", folder.path + "/platform"], in: namespace, reading: .output,
            home: folder.path)
        let ready = try JSONDecoder().decode(JSON.self, from: Data(try await platform.line(containing: "{").utf8))
        let trusted = folder.path + "/trusted.pem"
        let files = try (authorities + [#require(ready["ca"]?.string)]).map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        try files.joined().write(toFile: trusted, atomically: true, encoding: .utf8)
        let socket = folder.path + "/control.sock"
        let host = try #require(ready["url"]?.string?.dropFirst("https://".count))
        log = try Program(
            [
                Program.own("phonebard"), "--control-listen", "127.0.0.1:0", "--control-socket", socket,
                "--platform-hosts", "025=\(host)", "--platform-socket-uri", gateways, "--platform-ca-file", trusted,
                "--media-microphone", microphone, "--media-speaker", "null",
            ], in: namespace, reading: .errors, home: folder.path)
        try await log.line(containing: " ready ")
        web = HTTPClient(trust: .system, unixSocket: socket, timeLimit: .seconds(20))
        (events, subscription) = try Self.subscribe(socket)
    }

    deinit {
        subscription.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func subscribe(_ socket: String) throws -> (AsyncStream<JSON>, WebSocketClient) {
        let (events, continuation) = AsyncStream.makeStream(of: JSON.self)
        let url = try #require(WebSocketURL("ws://localhost/v1/events"))
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["phonebard.v1"])
        configuration.route.unixSocket = socket
        let client = WebSocketClient(
            configuration, on: QueueExecutor(label: "events"), logger: Logger(label: "events"),
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in },
                onMessage: { message in
                    if let event = try? JSONDecoder().decode(JSON.self, from: Data(message.bytes)) {
                        continuation.yield(event)
                    }
                },
                onClose: { _ in continuation.finish() }))
        client.connect()
        return (events, client)
    }

    /// Logs the seat in, up to its registration.
    func logIn() async throws {
        _ = try await request(.post, "getUser", Self.user)
        #expect(try await request(.post, "init", Self.login) == ["result": true])
        try await registration(code: 200)
    }

    /// Waits until subscribers are told of the registration with this code.
    func registration(code: JSON) async throws {
        try await event { $0["event"] == "register" && $0["data"]?["code"] == code }
    }

    /// Waits for the call's event of this type.
    func call(_ type: JSON) async throws {
        try await event { $0["event"] == "callEvent" && $0["type"] == type }
    }

    private func event(_ isAwaited: (JSON) -> Bool) async throws {
        for await event in events {
            if event["event"] == "registration" { passed.withLock { $0.append(event["data"] ?? .null) } }
            if isAwaited(event) { return }
        }
        throw Program.Ended(said: log.said)
    }

    /// The steps of the registration since the last time, in one word each.
    func takeSteps() -> (words: String, all: [JSON]) {
        let steps = passed.withLock { passed in
            defer { passed = [] }
            return passed
        }
        return (steps.compactMap { $0["registration"]?.string }.joined(separator: " "), steps)
    }

    /// Waits until the agent hears the frequency in its call, anew if it did before.
    func hears(_ frequency: Double) async throws {
        let before = try await media()?["packetsReceived"]?.lenientInteger ?? 0
        let limit = MonotonicClock.now + .seconds(20)
        while MonotonicClock.now < limit {
            if let media = try await media(), let count = media["packetsReceived"]?.lenientInteger, count > before + 25,
                case .number(let heard)? = media["received"]?["frequency"], abs(heard - frequency) < frequency * 0.02
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("never heard \(frequency): \(try await request(.get, "state"))")
    }

    func media() async throws -> JSON? {
        try await request(.get, "state")["seats"]?["default"]?["calls"]?.array?.first?["media"]
    }

    /// How it stands with the connection now.
    func connection() async throws -> JSON {
        try #require(try await request(.get, "state")["seats"]?["default"]?["connection"])
    }

    func request(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        let content = try body.map { [UInt8](try JSONEncoder().encode($0)) } ?? []
        let fields: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
        let response = try await withCheckedThrowingContinuation { continuation in
            web.send(method, Redacted("http://localhost/v1/" + path), fields: fields, body: content) {
                continuation.resume(with: $0)
            }
        }
        return try JSONDecoder().decode(JSON.self, from: Data(response.body))
    }
}
