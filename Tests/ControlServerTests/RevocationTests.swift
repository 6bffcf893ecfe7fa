import ControlAPI
import ControlServer
import HTTPTypes
import Testing

@Suite("A token is revoked", .timeLimit(.minutes(1)))
struct RevocationTests {
    private static let upgrade = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    @Test("By a request: the streams it opened end at once, a WebSocket with 1008")
    func asked() async throws {
        let desk = try Desk()
        let socket = try await follow(desk, Self.upgrade)
        let stream = try await follow(desk, ["Accept: text/event-stream"])
        let answer = try await desk.ask(.delete, "/v1/tokens/\(TokenRegistry.firstStart)")
        #expect(answer.hasPrefix("HTTP/1.1 204"))
        let close = try await socket.receive(upTo: "token revoked")
        #expect(close.unicodeScalars.map(\.value).starts(with: [0xFFFD, 15, 3, 0xFFFD]))
        _ = try await stream.receive(upTo: "\r\n0\r\n\r\n")
        socket.hangUp()
        for _ in 0..<2 { _ = try await desk.backend.departures.first() }
        #expect(try await desk.ask(.get, "/v1/state").hasPrefix("HTTP/1.1 401"))
        await desk.server.stop()
    }

    @Test("By another process: the streams it opened end all the same")
    func elsewhere() async throws {
        let desk = try Desk(keepAliveInterval: .milliseconds(5))
        let socket = try await follow(desk, Self.upgrade)
        try desk.tokens.revoke(TokenRegistry.firstStart)
        #expect(try await socket.receive(upTo: "token revoked").hasSuffix("token revoked"))
        socket.hangUp()
        _ = try await desk.backend.departures.first()
        await desk.server.stop()
    }

    private func follow(_ desk: Desk, _ fields: [String]) async throws -> RawClient {
        let client = try RawClient(port: desk.port)
        try client.send(Desk.request(.get, "/v1/events", fields))
        _ = try await client.receive(upTo: "\r\n\r\n")
        _ = try await desk.backend.subscriptions.first()
        return client
    }
}
