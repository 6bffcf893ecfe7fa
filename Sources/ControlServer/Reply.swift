import ControlAPI
import HTTP
import HTTPTypes
import Network
import Wire

/// The answer to one request, with the fields the origin of the page behind it is owed.
struct Reply: Sendable {
    let responder: Responder
    var origin: String?

    init(_ responder: Responder) {
        self.responder = responder
    }

    func json(_ value: JSON, status: HTTPResponse.Status = .ok) {
        send(status, [.contentType: "application/json", .cacheControl: "no-store"], encodedJSON(value))
    }

    func result(_ result: Result<JSON, Problem>) {
        switch result {
        case .success(let answer): json(answer)
        case .failure(let problem): self.problem(problem)
        }
    }

    func send(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:], _ body: [UInt8] = []) {
        responder.respond(head(status, fields), body: body)
    }

    /// The head of any answer but that to a preflight.
    func head(_ status: HTTPResponse.Status, _ fields: HTTPFields) -> HTTPResponse {
        HTTPResponse(status: status, headerFields: fields + CrossOrigin.fields(origin: origin))
    }

    func preflight(_ head: HTTPRequest, origin: String) {
        let fields = CrossOrigin.preflightFields(for: head, origin: origin)
        responder.respond(HTTPResponse(status: .noContent, headerFields: fields))
    }

    func problem(_ problem: Problem) {
        let (response, body) = problem.answer(to: origin)
        responder.respond(response, body: body)
    }
}

extension Problem {
    static let upgradeRequired = Problem(
        status: 426, "upgrade-required", "Events are a WebSocket or a stream of server-sent events.",
        detail: "Send the opening handshake of RFC 6455, or 'Accept: text/event-stream'.")

    /// What is told to the page of an origin, or to what is no page.
    func answer(to origin: String?) -> HTTPServer.Answer {
        let response = HTTPResponse(
            status: HTTPResponse.Status(standard: status), headerFields: fields + CrossOrigin.fields(origin: origin))
        return (response, encodedJSON(json))
    }

    private var fields: HTTPFields {
        var fields: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        fields[.allow] = allow
        fields[.retryAfter] = retryAfter.map(String.init)
        fields[.wwwAuthenticate] = challenge
        if status == 426 { fields[.upgrade] = "websocket" }
        return fields
    }

    /// RFC 6750 §3.
    private var challenge: String? {
        if let scope { return #"Bearer realm="phonebard", error="insufficient_scope", scope="\#(scope.rawValue)""# }
        return status == 401 ? #"Bearer realm="phonebard""# : nil
    }
}
