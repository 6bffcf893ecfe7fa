import NIOCore
import NIOHTTP1
import NIOPosix

/// SwiftNIO's own HTTP pipeline with one handler behind it.
@main
struct NIOServer {
    static func main() async throws {
        let port = Int(CommandLine.arguments[1]) ?? 0
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(Answers())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
        try await channel.closeFuture.get()
    }
}

private final class Answers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let expected = "Bearer bench-token-0123456789abcdef"
    private static let state = #"{"seat":"default","state":"idle","calls":[],"position":"1:42"}"#

    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(var piece): body.writeBuffer(&piece)
        case .end: answer(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        var status = HTTPResponseStatus.ok
        var buffer = context.channel.allocator.buffer(capacity: 128)
        if head.headers.first(name: "authorization") != Self.expected {
            status = .unauthorized
        } else if head.method == .GET, head.uri == "/v1/state" {
            buffer.writeString(Self.state)
        } else if head.method == .POST, head.uri == "/v1/hold",
            head.headers.first(name: "content-type") == "application/json"
        {
            buffer.writeString(#"{"result":"#)
            buffer.writeBuffer(&body)
            buffer.writeString("}")
        } else {
            status = .notFound
        }
        var fields = HTTPHeaders()
        fields.add(name: "Content-Type", value: "application/json")
        fields.add(name: "Content-Length", value: String(buffer.readableBytes))
        let response = HTTPResponseHead(version: head.version, status: status, headers: fields)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        self.head = nil
        body.clear()
    }
}
