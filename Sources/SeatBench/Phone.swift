import ControlAPI
import Crypto
import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Synchronization
import Wire

/// The daemon under measurement, a process of its own, and what comes over its API.
final class Phone: Sendable {
    struct Failure: Error { let text: String }

    /// An event of the stream and when it came.
    struct Event: Sendable {
        let came: Instant
        let json: JSON
    }

    let processID: Int32
    let socket: String
    private let web: HTTPClient
    private let subscription: WebSocketClient
    let events: AsyncStream<Event>

    /// Returns when the subscription stands.
    static func start(_ program: String, _ addresses: Gateway.Addresses, in folder: String) async throws -> Phone {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let socket = folder + "/control.sock"
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = [
            "--config", "/dev/null", "--control-listen", "127.0.0.1:0", "--control-socket", socket, "--state-directory",
            folder + "/state", "--platform-hosts", "025=\(addresses.user)", "--platform-socket-uri",
            "ws://\(addresses.sip)", "--platform-ca-file", addresses.authorityFile, "--media-addresses", "127.0.0.1",
            "--media-microphone", "null", "--media-speaker", "null", "--log-level", "warning",
        ]
        let log = folder + "/log"
        try Data().write(to: URL(filePath: log))
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        while (try? KeptConnection(socket)) == nil {
            guard process.isRunning else { throw Failure(text: "the daemon did not start; see \(log)") }
            usleep(500)
        }
        let phone = try Phone(processID: process.processIdentifier, socket: socket)
        try await phone.subscribed()
        return phone
    }

    private let opened: AsyncStream<Bool>

    private init(processID: Int32, socket: String) throws {
        self.processID = processID
        self.socket = socket
        web = HTTPClient(trust: .system, unixSocket: socket, timeLimit: .seconds(20))
        let (events, received) = AsyncStream.makeStream(of: Event.self)
        let (opened, opening) = AsyncStream.makeStream(of: Bool.self)
        self.events = events
        self.opened = opened
        guard let url = WebSocketURL("ws://localhost/v1/events") else { throw Failure(text: "URL") }
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["phonebard.v1"])
        configuration.route.unixSocket = socket
        subscription = WebSocketClient(
            configuration, on: QueueExecutor(label: "events"), logger: Logger(label: "events", level: .error),
            callbacks: WebSocketClient.Callbacks(
                onOpen: { _ in opening.yield(true) },
                onMessage: { message in
                    let came = MonotonicClock.now
                    guard let json = try? JSONDecoder().decode(JSON.self, from: Data(message.bytes)) else { return }
                    received.yield(Event(came: came, json: json))
                },
                onClose: { _ in
                    opening.yield(false)
                    received.finish()
                }))
        subscription.connect()
    }

    private func subscribed() async throws {
        for await isOpen in opened where isOpen { return }
        throw Failure(text: "no event stream")
    }

    func post(_ seat: String, _ path: String, _ body: JSON) async throws -> JSON {
        let response = try await withCheckedThrowingContinuation { continuation in
            web.send(
                .post, Redacted("http://localhost/v1/seats/\(seat)/\(path)"),
                fields: [.contentType: "application/json"],
                body: encodedJSON(body)
            ) { continuation.resume(with: $0) }
        }
        let text = String(decoding: response.body, as: UTF8.self)
        guard response.status == 200 else { throw Failure(text: "\(path) of \(seat): \(response.status) \(text)") }
        return (try? JSONDecoder().decode(JSON.self, from: Data(response.body))) ?? .null
    }

    /// Has a seat log in; how that goes is told by events.
    func logIn(_ seat: String) async throws {
        var user: [String: JSON] = ["un": .string(seat), "pwd": .string(seat), "switchnumber": "02566699734"]
        _ = try await post(seat, "getUser", .object(user))
        user["gid"] = 2033
        _ = try await post(seat, "init", .object(user))
    }

    /// Resident memory in MB.
    var residentMegabytes: Double {
        let status = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }

    /// Processor time in seconds, in the kernel's ticks of 10 ms.
    var processorSeconds: Double {
        let text = (try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / 100
    }

    func end() {
        kill(processID, SIGTERM)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}

/// A connection to the daemon's Unix socket that is kept for many requests; whoever asks waits.
final class KeptConnection: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix(107))) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Phone.Failure(text: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Gives the instant at which the request was handed to the system.
    func send(_ seat: String, _ path: String, _ body: String) -> Instant {
        let text =
            "POST /v1/seats/\(seat)/\(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let bytes = Array(text.utf8)
        let sent = MonotonicClock.now
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return sent
    }

    /// The status of the next answer, which fits into one read.
    func status() throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        let line = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        guard count > 0, line.count > 1, let status = Int(line[1]) else { throw Phone.Failure(text: "no answer") }
        return status
    }
}
