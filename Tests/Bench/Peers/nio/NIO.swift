import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// SwiftNIO's own HTTP pipeline with one handler behind it, or its WebSocket frames.
@main
struct NIOServer {
    static func main() async throws {
        let port = Int(CommandLine.arguments[1]) ?? 0
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                        configuration: .init(upgradeConfiguration: upgrade))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
        try await channel.closeFuture.get()
    }

    private static let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
        upgraders: [
            NIOTypedWebSocketServerUpgrader(
                shouldUpgrade: { channel, head in
                    guard head.uri == "/v1/events", Answers.isAuthorised(head) else {
                        // The upgrade handler would leave it open without an answer.
                        return channel.close().map { nil }
                    }
                    return channel.eventLoop.makeSucceededFuture(HTTPHeaders())
                },
                upgradePipelineHandler: { channel, _ in
                    Subscribers.add(channel)
                    return channel.eventLoop.makeSucceededVoidFuture()
                })
        ],
        notUpgradingCompletionHandler: { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answers()) }
        })
}

private enum Subscribers {
    private static let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    static func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        channels.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { _ in channels.withLock { _ = $0.removeValue(forKey: key) } }
    }

    /// Sends everyone a text frame of about `size` bytes that says when it was made.
    static func tell(size: Int) {
        let start = #"{"at":\#(NIODeadline.now().uptimeNanoseconds),"padding":""#
        let padding = String(repeating: "x", count: max(0, size - start.utf8.count - 2))
        let frame = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: start + padding + #""}"#))
        for channel in channels.withLock({ $0.values.map { $0 } }) { channel.writeAndFlush(frame, promise: nil) }
    }
}

private final class Answers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let expected = "Bearer bench-token-0123456789abcdef"
    private static let state = #"{"seat":"default","state":"idle","calls":[],"position":"1:42"}"#

    static func isAuthorised(_ head: HTTPRequestHead) -> Bool {
        head.headers.first(name: "authorization") == expected
    }

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
        if !Self.isAuthorised(head) {
            status = .unauthorized
        } else if head.method == .GET, head.uri == "/v1/state" {
            buffer.writeString(Self.state)
        } else if head.method == .POST, head.uri == "/v1/hold",
            head.headers.first(name: "content-type") == "application/json"
        {
            buffer.writeString(#"{"result":"#)
            buffer.writeBuffer(&body)
            buffer.writeString("}")
        } else if head.method == .POST, head.uri == "/v1/test/events", let injection = injection() {
            for _ in 0..<injection.count { Subscribers.tell(size: injection.size) }
            buffer.writeString("{}")
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

    private func injection() -> (count: Int, size: Int)? {
        let numbers = String(buffer: body).split { !$0.isNumber }.compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}
