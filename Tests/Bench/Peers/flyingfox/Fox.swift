import Dispatch
import FlyingFox
import FlyingSocks
import Synchronization

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
        let subscription = WebSocketHTTPHandler(handler: MessageFrameWSHandler(handler: Subscribers()))
        await server.appendRoute("GET /v1/events") { request in
            guard isAuthorised(request) else { return HTTPResponse(statusCode: .unauthorized) }
            return try await subscription.handleRequest(request)
        }
        await server.appendRoute("POST /v1/test/events") { request in
            guard isAuthorised(request) else { return HTTPResponse(statusCode: .unauthorized) }
            let numbers = String(decoding: try await request.bodyData, as: UTF8.self)
                .split { !$0.isNumber }.compactMap { Int($0) }
            guard numbers.count == 2 else { return HTTPResponse(statusCode: .badRequest) }
            for _ in 0..<numbers[0] { Subscribers.tell(size: numbers[1]) }
            return answer("{}")
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

/// Everyone gets each event by a stream of their own.
private struct Subscribers: WSMessageHandler {
    private static let streams = Mutex<(next: Int, open: [Int: AsyncStream<WSMessage>.Continuation])>((0, [:]))

    func makeMessages(for client: AsyncStream<WSMessage>) async throws -> AsyncStream<WSMessage> {
        let (stream, continuation) = AsyncStream<WSMessage>.makeStream()
        let number = Self.streams.withLock { streams in
            streams.next += 1
            streams.open[streams.next] = continuation
            return streams.next
        }
        continuation.onTermination = { _ in Self.streams.withLock { _ = $0.open.removeValue(forKey: number) } }
        return stream
    }

    /// A text of about `size` bytes that says when it was made.
    static func tell(size: Int) {
        let start = #"{"at":\#(DispatchTime.now().uptimeNanoseconds),"padding":""#
        let text = start + String(repeating: "x", count: max(0, size - start.utf8.count - 2)) + #""}"#
        for continuation in streams.withLock({ $0.open.values.map { $0 } }) { continuation.yield(.text(text)) }
    }
}
