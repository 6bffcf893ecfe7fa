import ControlServer
import Foundation
import HTTPTypes
import Testing
import Wire

@Suite("What the server answers by itself", .timeLimit(.minutes(1)))
struct RefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let name: String
        let request: String

        init(_ status: Int, _ name: String, _ lines: String...) {
            self.status = status
            self.name = name
            request = (lines + ["", ""]).joined(separator: "\r\n")
        }

        var testDescription: String { "\(status) \(name)" }
    }

    private static let host = "Host: localhost"
    private static let long = String(repeating: "x", count: 17_000)

    /// The answer up to the end of its head or, of a problem, of its body.
    private func answer(to lines: String...) async throws -> String {
        let desk = try Desk()
        let client = try RawClient(port: desk.port)
        try client.send((lines + ["", ""]).joined(separator: "\r\n"))
        let answer = try await client.receive(upTo: nil)
        client.hangUp()
        await desk.server.stop()
        return answer
    }

    @Test("Nobody's body is taken in, or asked for, before it is known who sends it")
    func unknownCaller() async throws {
        let rest = ["Expect: 100-continue", "Content-Type: application/json", "Content-Length: 1000"]
        let stranger = try await answer(to: "POST /v1/call HTTP/1.1", Self.host, rest[0], rest[1], rest[2])
        #expect(stranger.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        let rebound = try await answer(to: "POST /v1/call HTTP/1.1", "Host: evil.example", rest[0], rest[1], rest[2])
        #expect(rebound.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        let chunked = try await answer(
            to: "POST /v1/call HTTP/1.1", Self.host, "Transfer-Encoding: chunked", "", "5", "hel")
        #expect(chunked.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
    }

    @Test("Whose token is for calls may choose devices, but neither read nor write files by them")
    func files() async throws {
        let desk = try Desk()
        for (secret, device, status) in [
            (desk.callSecret, "pulse:headset", 200), (desk.callSecret, "wav:/tmp/a.wav", 403),
            (Desk.secret, "wav:/tmp/a.wav", 200),
        ] {
            let client = try RawClient(port: desk.port)
            let body = #"{"ringer": {"volume": 1}, "speaker": {"device": "\#(device)"}}"#
            let lines = [
                "PATCH /v1/audio HTTP/1.1", Self.host, "Authorization: Bearer \(secret)", "Connection: close",
                "Content-Type: application/json", "Content-Length: \(body.utf8.count)", "", body,
            ]
            try client.send(lines.joined(separator: "\r\n"))
            #expect(try await client.receive(upTo: nil).hasPrefix("HTTP/1.1 \(status) "))
            client.hangUp()
        }
        await desk.server.stop()
    }

    @Test("A page can read why it was refused, if its origin is allowed; a foreign name learns nothing else")
    func origins() async throws {
        let tooLarge = ["Content-Length: 2000000", "Origin: http://localhost"]
        let own = try await answer(to: "POST /v1/call HTTP/1.1", Self.host, tooLarge[0], tooLarge[1])
        #expect(own.hasPrefix("HTTP/1.1 413 "))
        #expect(own.contains("\r\nAccess-Control-Allow-Origin: http://localhost\r\n"))
        let foreign = try await answer(
            to: "GET /v1/events HTTP/1.1", "Host: evil.example", "Connection: Upgrade, close", "Upgrade: websocket",
            "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        #expect(foreign.hasPrefix("HTTP/1.1 403 "))
        #expect(foreign.contains("host-not-allowed"))
    }

    @Test(
        "It is told as a problem, too (RFC 9457)",
        arguments: [
            Refusal(400, "malformed-request", "GET /v1/state HTTP/1.1", "Host : localhost"),
            Refusal(400, "malformed-request", "GET /v1/state HTTP/1.1"),
            Refusal(413, "content-too-large", "POST /v1/call HTTP/1.1", host, "Content-Length: 2000000"),
            Refusal(414, "uri-too-long", "GET /\(long) HTTP/1.1"),
            Refusal(417, "expectation-failed", "POST /v1/call HTTP/1.1", host, "Expect: wonders"),
            Refusal(
                426, "websocket-version", "GET /v1/events HTTP/1.1", host, "Connection: Upgrade, close",
                "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            Refusal(431, "header-too-large", "GET /v1/state HTTP/1.1", host, "X: \(long)"),
            Refusal(501, "transfer-coding", "POST /v1/call HTTP/1.1", host, "Transfer-Encoding: gzip, chunked"),
            Refusal(505, "http-version", "GET /v1/state HTTP/2.0", host),
        ])
    func problem(_ refusal: Refusal) async throws {
        let desk = try Desk()
        let client = try RawClient(port: desk.port)
        try client.send(refusal.request)
        let answer = try await client.receive(upTo: nil)
        client.hangUp()
        #expect(answer.hasPrefix("HTTP/1.1 \(refusal.status) "))
        #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"))
        let body = answer.firstRange(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
        let problem = try JSONDecoder().decode(JSON.self, from: Data(body.utf8))
        #expect(problem["type"] == .string("urn:phonebard:problem:\(refusal.name)"))
        #expect(problem["status"] == .integer(Int64(refusal.status)))
        #expect(problem["title"]?.string?.isEmpty == false)
        await desk.server.stop()
    }
}
