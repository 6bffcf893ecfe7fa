import Crypto
import HTTP
import HTTPTypes
import Logging
import Network
import Wire

/// The product's HTTP server with the task of all the others.
@main
struct Own {
    static func main() async throws {
        let port = UInt16(CommandLine.arguments[1]) ?? 0
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: port)]),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, onRequest: answer)
        _ = try server.start()
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    private static let expected = Array("Bearer bench-token-0123456789abcdef".utf8)
    private static let state = Array(#"{"seat":"default","state":"idle","calls":[],"position":"1:42"}"#.utf8)
    private static let json: HTTPFields = [.contentType: "application/json"]

    @Sendable private static func answer(_ request: IncomingRequest, _ responder: Responder) {
        let head = request.head
        guard let authorization = head.headerFields[.authorization],
            constantTimeEqual(Array(authorization.utf8), expected)
        else { return responder.respond(HTTPResponse(status: .unauthorized)) }
        switch (head.method, head.path) {
        case (.get, "/v1/state"):
            responder.respond(HTTPResponse(status: .ok, headerFields: json), body: state)
        case (.post, "/v1/hold") where head.headerFields[.contentType] == "application/json":
            responder.respond(
                HTTPResponse(status: .ok, headerFields: json),
                body: Array(#"{"result":"#.utf8) + request.body + Array("}".utf8))
        default:
            responder.respond(HTTPResponse(status: .notFound))
        }
    }
}
