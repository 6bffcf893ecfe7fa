import ControlServer
import Foundation
import HTTPTypes
import Testing
import Wire

@Suite("What the server answers by itself", .timeLimit(.minutes(1)))
struct RefusalTests {
    @Test(
        "It is told as a problem, too (RFC 9457)",
        arguments: [
            ("GET /v1/state HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "malformed-request"),
            ("GET /v1/state HTTP/1.1\r\n\r\n", 400, "malformed-request"),
            ("GET /\(String(repeating: "x", count: 9000)) HTTP/1.1\r\n", 414, "uri-too-long"),
            (
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 17_000))", 431,
                "header-too-large"
            ),
            ("POST /v1/call HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n", 413, "content-too-large"),
            (
                "POST /v1/call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
                "transfer-coding"
            ),
            ("POST /v1/call HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\n\r\n", 417, "expectation-failed"),
            ("GET /v1/state HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "http-version"),
            (
                Desk.request(
                    .get, "/v1/events",
                    [
                        "Upgrade: websocket", "Connection: Upgrade, close", "Sec-WebSocket-Version: 8",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    ]),
                426, "websocket-version"
            ),
        ])
    func problem(request: String, status: Int, name: String) async throws {
        let desk = try Desk()
        let client = try RawClient(port: desk.port)
        try client.send(request)
        let answer = try await client.receive(upTo: nil)
        client.hangUp()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"))
        let body = answer.firstRange(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
        let problem = try JSONDecoder().decode(JSON.self, from: Data(body.utf8))
        #expect(problem["type"] == .string("urn:phonebard:problem:\(name)"))
        #expect(problem["status"] == .integer(Int64(status)))
        #expect(problem["title"]?.string?.isEmpty == false)
        await desk.server.stop()
    }
}
