import Audio
import Crypto
import Daemon
import Foundation
import HTTP
import HTTPTypes
import Network
import Testing
import Wire

/// A daemon without a platform, for its events alone.
final class EventHouse: Sendable {
    let port: UInt16
    let token: String
    let log = RecordedLog()
    private let daemon: Daemon
    private let folder: String
    private let web = HTTPClient(trust: .system, timeLimit: .seconds(60))

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/event-house-" + UUID().uuidString
        var configuration = Configuration(
            endpoints: [Endpoint(.loopback4, port: 0)], stateDirectory: folder, microphone: .null, speaker: .null)
        configuration.injectsEvents = true
        daemon = try Daemon(configuration: configuration, logger: log.logger)
        port = try #require(try daemon.start().first).port
        token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func close() async {
        await daemon.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Waits until the log says so.
    func logged(_ text: String) async throws {
        let limit = MonotonicClock.now + .seconds(60)
        while !log.text.contains(text) {
            try #require(MonotonicClock.now < limit, "the log never said '\(text)'")
            _ = try await request(.get, "/v1/checkLogin")
        }
    }

    func request(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await requestJSON(web, method, port: port, path, token: token, body)
    }

    /// Makes events up; returns the position of the last.
    @discardableResult
    func inject(_ count: Int, size: Int = 300) async throws -> String {
        let answer = try await request(
            .post, "/v1/test/events", ["count": .integer(Int64(count)), "size": .integer(Int64(size))])
        return try #require(answer["after"]?.string)
    }

    func subscribe(after: String?, receiveBuffer: Int32? = nil) throws -> EventSocket {
        try EventSocket(port: port, token: token, after: after, receiveBuffer: receiveBuffer)
    }
}

/// The JSON of a 200.
func requestJSON(
    _ web: HTTPClient, _ method: HTTPRequest.Method, port: UInt16, _ path: String, token: String, _ body: JSON? = nil
) async throws -> JSON {
    var fields: HTTPFields = [.authorization: "Bearer " + token]
    if body != nil { fields[.contentType] = "application/json" }
    let content = try body.map { [UInt8](try JSONEncoder().encode($0)) } ?? []
    let response = try await withCheckedThrowingContinuation { continuation in
        web.send(method, Redacted("http://127.0.0.1:\(port)\(path)"), fields: fields, body: content) {
            continuation.resume(with: $0)
        }
    }
    struct Refused: Error { let status: Int }
    guard response.status == 200 else { throw Refused(status: response.status) }
    return try JSONDecoder().decode(JSON.self, from: Data(response.body))
}
