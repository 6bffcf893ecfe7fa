import Foundation
import HTTP
import HTTPTypes
import Network
import Wire

/// Asks the control API.
struct Client {
    private let access: Access
    private let web: HTTPClient

    init(_ connection: Connection) throws {
        access = try Access(connection)
        web = HTTPClient(
            trust: access.trust, unixSocket: access.unixSocket, timeLimit: .seconds(30), bodyLimit: 64 * 1024 * 1024)
    }

    /// The answer, whatever its status.
    func send(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8] = []
    ) async throws -> ResponseParser.Response {
        var fields = access.fields
        if !body.isEmpty { fields[.contentType] = "application/json" }
        do {
            return try await withCheckedThrowingContinuation { continuation in
                web.send(method, Redacted(access.base + path), fields: fields, body: body) {
                    continuation.resume(with: $0)
                }
            }
        } catch let failure as HTTPClient.Failure {
            throw Ending(failure, at: access.unixSocket ?? access.base)
        }
    }

    /// The JSON of an answer that has to be good.
    func json(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        let response = try await send(method, path, body: body.map { [UInt8](try JSONEncoder().encode($0)) } ?? [])
        if let ending = Ending(response) { throw ending }
        guard !response.body.isEmpty else { return .null }
        guard let json = try? JSON(parsing: response.body) else {
            throw Ending.refused("the answer is not JSON; is this phonebard?")
        }
        return json
    }

    /// One connection to the events, from a place in the log on.
    func events(after position: String) throws -> AsyncStream<EventConnection.Message> {
        guard let url = WebSocketURL(access.base + "/v1/events?after=" + position, schemes: ("http", "https")) else {
            throw Ending.unreachable("'\(access.base)' is no URL")
        }
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["phonebard.v1"])
        configuration.route.trust = access.trust
        configuration.route.unixSocket = access.unixSocket
        configuration.fields = access.fields
        configuration.pingInterval = .seconds(20)
        configuration.silenceLimit = .seconds(45)
        return EventConnection.open(configuration, at: access.unixSocket ?? access.base)
    }
}

extension Ending {
    /// Nil when the status says that all is well.
    init?(_ response: ResponseParser.Response) {
        guard response.status >= 400 else { return nil }
        let problem = (try? JSON(parsing: response.body)) ?? .null
        let words = ["title", "detail", "info"].compactMap { problem[$0]?.string }
        let text = "\(words.isEmpty ? "the daemon said no" : words.joined(separator: " ")) (\(response.status))"
        self = response.status == 401 || response.status == 403 ? .unauthorised(text) : .refused(text)
    }

    init(_ failure: HTTPClient.Failure, at place: String) {
        switch failure {
        case .malformed, .tooLarge: self = .refused("the answer of \(place) makes no sense; is this phonebard?")
        case .invalidURL: self = .unreachable("'\(place)' is no URL")
        case .timedOut: self = .unreachable("\(place) does not answer")
        case .dial(.refused): self = .unreachable("nobody listens at \(place); is phonebard running?")
        case .dial(.network(let error)): self = .unreachable("\(place): \(error)")
        case .dial(let failure): self = .unreachable("\(place): \(failure)")
        }
    }
}
