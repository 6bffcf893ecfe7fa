import Crypto
import Foundation
import HTTP
import HTTPTypes
import Network
import Wire

/// The two programs of the demo, and how it talks to them.
final class House: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let patience = Duration.seconds(20)

    private let platform: Program
    private let daemon: Program
    private let web: HTTPClient
    private let token: String
    private let tokenFile: String
    private let events: EventStream

    private init(
        platform: Program, daemon: Program, web: HTTPClient, token: String, tokenFile: String, events: EventStream
    ) {
        self.platform = platform
        self.daemon = daemon
        self.web = web
        self.token = token
        self.tokenFile = tokenFile
        self.events = events
    }

    static func start(stateDirectory: String) async throws -> House {
        try FileManager.default.createDirectory(atPath: stateDirectory, withIntermediateDirectories: true)
        let platform = try Program.startPlatform(in: stateDirectory)
        print("platform-sim   \(platform.url)")
        do {
            let daemon = try Program.startDaemon(in: stateDirectory, platform: platform)
            print("phonebard      \(daemon.url)")
            let tokenFile = stateDirectory + "/phonebard/token"
            let token = try String(contentsOfFile: tokenFile, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard let stream = WebSocketURL(daemon.url + "/v1/events", schemes: ("http", "https")) else {
                throw Failure(description: "phonebard is at no usable address")
            }
            let house = House(
                platform: platform, daemon: daemon,
                web: HTTPClient(trust: .authorities(file: platform.authorities), timeLimit: Self.patience),
                token: token, tokenFile: tokenFile, events: EventStream(url: stream, token: token))
            try await house.events.open()
            return house
        } catch {
            platform.stop()
            throw error
        }
    }

    func stop() {
        daemon.stop()
        platform.stop()
    }

    /// The lines a user can go on with.
    var invitation: String {
        let curl = "curl -sH \"Authorization: Bearer $(cat \(tokenFile))\" \(daemon.url)/v1"
        let json = "-H 'Content-Type: application/json' -d"
        let insecure = "curl -s --cacert \(platform.authorities) \(json)"
        return """

            Both are still running. API \(daemon.url), token in \(tokenFile). Try:

              \(curl)/state
              \(curl)/call \(json) '{"number":"13800000001"}'
              \(insecure) '{"extension":"1001"}' \(platform.url)/sim/customers/13900000002/calls
              \(curl)/answerPBXCall \(json) '{"ccNumber":"CCNUMBER FROM state"}'
              \(curl)/terminate \(json) '{"ccNumber":"CCNUMBER FROM state"}'

            Ctrl-C ends both.
            """
    }
}

/// Requests.
extension House {
    func post(_ operation: String, _ body: JSON) async throws -> JSON {
        let answer = try await send(.post, daemon.url + "/v1/" + operation, body, authorized: true)
        print("   POST /v1/\(operation)  →  \(abbreviated(answer))")
        return answer
    }

    func customer(_ number: String, _ verb: String, _ body: JSON) async throws {
        _ = try await send(.post, platform.url + "/sim/customers/\(number)/\(verb)", body)
        print("   customer \(number): \(verb)")
    }

    private func send(
        _ method: HTTPRequest.Method, _ url: String, _ body: JSON? = nil, authorized: Bool = false
    ) async throws -> JSON {
        var fields: HTTPFields = [:]
        if authorized { fields[.authorization] = "Bearer \(token)" }
        let content = try body.map { value in [UInt8](try JSONEncoder().encode(value)) } ?? []
        if body != nil { fields[.contentType] = "application/json" }
        let response = try await withCheckedThrowingContinuation { continuation in
            web.send(method, Redacted(url), fields: fields, body: content) { continuation.resume(with: $0) }
        }
        guard 200..<300 ~= response.status else {
            throw Failure(description: "\(url): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        return try JSONDecoder().decode(JSON.self, from: Data(response.body))
    }

    private func abbreviated(_ answer: JSON) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = (try? encoder.encode(answer)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.count > 100 ? text.prefix(97) + "…" : text
    }
}

/// What happens.
extension House {
    /// Prints events as they come until the one waited for; gives its data.
    func event(_ name: String, _ type: String? = nil) async throws -> JSON {
        while true {
            let event = try await events.next(within: Self.patience)
            let kind = [event["event"]?.string, event["type"]?.string].compactMap { $0 }.joined(separator: " ")
            print("   event \(kind)  \(abbreviated(event["data"] ?? .null))")
            if event["event"]?.string == name, type == nil || event["type"]?.string == type {
                return event["data"] ?? .null
            }
        }
    }

    /// Waits until the customer hears the agent's tone and the agent hears first the melody and then its own echo.
    func listen() async throws {
        let melody = try await measure("agent hears the melody") { agent, _ in
            agent["received"].map { $0.isNear(440) ? nil : $0.sound } ?? nil
        }
        print("   customer → agent   \(melody)  (the melody)")
        let voice = try await measure("customer hears the agent") { _, customer in
            customer.isNear(440) ? customer.sound : nil
        }
        print("   agent → customer   \(voice)  (the agent's tone)")
        let echo = try await measure("agent hears the echo") { agent, _ in
            agent["received"].map { $0.isNear(440) ? $0.sound : nil } ?? nil
        }
        print("   customer → agent   \(echo)  (the echo)")
    }

    private func measure(
        _ what: String, _ taken: (_ agent: JSON, _ customer: JSON) -> String?
    ) async throws -> String {
        let deadline = MonotonicClock.now + Self.patience
        while MonotonicClock.now < deadline {
            let state = try await send(.get, daemon.url + "/v1/state", authorized: true)
            let simulated = try await send(.get, platform.url + "/sim/state")
            let agent = state["seats"]?["default"]?["calls"]?.array?.first?["media"]
            let customer = simulated["calls"]?.array?.first?["agent"]
            if let agent, let customer, let sound = taken(agent, customer) { return sound }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Failure(description: "timed out: \(what)")
    }
}

extension JSON {
    fileprivate var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    fileprivate func isNear(_ frequency: Double) -> Bool {
        guard let measured = self["frequency"]?.number else { return false }
        return abs(measured - frequency) < 5
    }

    /// The frequency and the level of what can be heard.
    fileprivate var sound: String? {
        guard let frequency = self["frequency"]?.number, let level = self["level"]?.number, level > -50 else {
            return nil
        }
        return String(format: "%6.1f Hz at %5.1f dBFS", frequency, level)
    }
}
