import FlyingFox
import FlyingSocks

/// FlyingFox on epoll. It writes head and body apart and does not set TCP_NODELAY, so that many an answer waits some 40 ms for
/// the client's delayed acknowledgement.
@main
struct Fox {
    private static let expected = "Bearer bench-token-0123456789abcdef"
    private static let state = #"{"seat":"default","state":"idle","calls":[],"position":"1:42"}"#

    static func main() async throws {
        let port = UInt16(CommandLine.arguments[1]) ?? 0
        let server = HTTPServer(
            address: try .inet(ip4: "127.0.0.1", port: port), pool: .ePoll(), logger: .disabled)
        await server.appendRoute("GET /v1/state") { request in
            guard isAuthorised(request) else { return HTTPResponse(statusCode: .unauthorized) }
            return answer(state)
        }
        await server.appendRoute("POST /v1/hold") { request in
            guard isAuthorised(request) else { return HTTPResponse(statusCode: .unauthorized) }
            guard request.headers[.contentType] == "application/json" else {
                return HTTPResponse(statusCode: .notFound)
            }
            return answer(#"{"result":"# + String(decoding: try await request.bodyData, as: UTF8.self) + "}")
        }
        try await server.run()
    }

    private static func isAuthorised(_ request: HTTPRequest) -> Bool {
        request.headers[.authorization] == expected
    }

    private static func answer(_ body: String) -> HTTPResponse {
        HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: .init(body.utf8))
    }
}
