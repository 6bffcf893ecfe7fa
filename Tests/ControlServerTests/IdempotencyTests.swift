import ControlAPI
import ControlServer
import HTTPTypes
import Testing
import Wire

@Suite("A command sent twice", .timeLimit(.minutes(1)))
struct IdempotencyTests {
    private func request(_ number: String, path: String = "/v1/call") -> String {
        let body = #"{"number":"\#(number)"}"#
        return Desk.request(
            .post, path,
            ["Idempotency-Key: \"k1\"", "Content-Type: application/json", "Content-Length: \(body.utf8.count)"]) + body
    }

    @Test("Keys for different seats have nothing to do with each other")
    func seats() async throws {
        let desk = try Desk()
        for (path, seat) in [("/v1/call", "default"), ("/v1/seats/anna/call", "anna")] {
            let client = try RawClient(port: desk.port)
            try client.send(request("10010", path: path))
            let task = try await desk.backend.tasks.first()
            #expect(task.seat.text == seat)
            task.completion(.success(["result": 2]))
            #expect(try await client.receive(upTo: "}").hasSuffix(#"{"result":2}"#))
        }
        await desk.server.stop()
    }

    @Test("Under one key it acts once and is answered twice; another command under that key is refused")
    func twice() async throws {
        let desk = try Desk()
        let clients = try (0..<2).map { _ in try RawClient(port: desk.port) }
        try clients[0].send(request("10010"))
        let task = try await desk.backend.tasks.first()
        #expect(task.command == .call(number: "10010"))
        try clients[1].send(request("10010"))
        let third = try RawClient(port: desk.port)
        try third.send(request("10086"))
        #expect(try await third.receive(upTo: "key-reused").hasPrefix("HTTP/1.1 422"))
        task.completion(.success(["result": 2]))
        for client in clients {
            #expect(try await client.receive(upTo: "}").hasSuffix(#"{"result":2}"#))
        }
        await desk.server.stop()
    }
}
