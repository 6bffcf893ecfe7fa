import ControlAPI
import HTTPTypes
import Network
import Wire

extension Responder {
    func respond(json: JSON) {
        respond(
            HTTPResponse(status: .ok, headerFields: [.contentType: "application/json", .cacheControl: "no-store"]),
            body: encodedJSON(json))
    }

    func respond(_ problem: Problem) {
        var fields: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        fields[.allow] = problem.allow
        if problem.status == 401 { fields[.wwwAuthenticate] = #"Bearer realm="phonebard""# }
        if problem.status == 426 {
            fields[.upgrade] = "websocket"
        }
        respond(
            HTTPResponse(status: .init(code: problem.status), headerFields: fields), body: encodedJSON(problem.json))
    }
}

extension Problem {
    static let upgradeRequired = Problem(
        status: 426, "upgrade-required", "Events are a WebSocket.",
        detail: "Send the opening handshake of RFC 6455.")
}
