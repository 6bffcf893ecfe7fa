import Hummingbird
import NIOPosix

/// Hummingbird on one thread.
@main
struct Bird {
    private static let expected = "Bearer bench-token-0123456789abcdef"
    private static let state = #"{"seat":"default","state":"idle","calls":[],"position":"1:42"}"#

    static func main() async throws {
        let port = Int(CommandLine.arguments[1]) ?? 0
        let router = Router()
        router.get("/v1/state") { request, _ in
            try authorise(request)
            return answer(ByteBuffer(string: state))
        }
        router.post("/v1/hold") { request, _ in
            try authorise(request)
            guard request.headers[.contentType] == "application/json" else { throw HTTPError(.notFound) }
            var body = ByteBuffer(string: #"{"result":"#)
            body.writeImmutableBuffer(try await request.body.collect(upTo: 1024 * 1024))
            body.writeString("}")
            return answer(body)
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)))
        try await application.run()
    }

    private static func authorise(_ request: Request) throws {
        guard request.headers[.authorization] == expected else { throw HTTPError(.unauthorized) }
    }

    private static func answer(_ body: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }
}
