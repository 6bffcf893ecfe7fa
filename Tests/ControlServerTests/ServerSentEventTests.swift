import ControlAPI
import HTTPTypes
import Network
import Testing
import Wire

@testable import ControlServer

@Suite("Server-sent events (HTML Living Standard §9.2)", .timeLimit(.minutes(1)))
struct ServerSentEventTests {
    private static let asked = ["Accept: text/event-stream"]

    private func message(_ seq: UInt64) -> EventMessage {
        EventMessage(position: LogPosition(epoch: "e", seq: seq), text: Array("{\"seq\":\(seq)}".utf8))
    }

    @Test("An event has its place as id and its JSON as data, a gap is named so")
    func bytes() {
        let event = ServerSentEvent.bytes(of: message(7))
        #expect(String(decoding: event, as: UTF8.self) == "id: e:7\ndata: {\"seq\":7}\n\n")
        let gap = ServerSentEvent.bytes(of: .gap(from: 1, to: 4, epoch: "e"))
        #expect(
            String(decoding: gap, as: UTF8.self)
                == "id: e:4\nevent: gap\ndata: {\"epoch\":\"e\",\"gap\":{\"from\":1,\"to\":4}}\n\n")
    }

    @Test("A stream begins at once, goes on with each event, and is given up when the client hangs up")
    func stream() async throws {
        let desk = try Desk()
        let client = try RawClient(port: desk.port)
        try client.send(Desk.request(.get, "/v1/events", ["Accept: text/html;q=0.1, Text/Event-Stream ;q=1"]))
        let head = try await client.receive(upTo: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"))
        _ = try await client.receive(upTo: ":\n\n")
        let subscription = try await desk.backend.subscriptions.first()
        #expect(subscription.after == nil)
        for seq in 1...2 as ClosedRange<UInt64> {
            subscription.sink.send(message(seq))
            #expect(try await client.receive(upTo: "}\n\n").hasSuffix("id: e:\(seq)\ndata: {\"seq\":\(seq)}\n\n"))
        }
        client.hangUp()
        #expect(try await desk.backend.departures.first() == subscription.id)
        await desk.server.stop()
    }

    @Test("A client resumes after the query's place, or after the one in Last-Event-ID, which is newer")
    func resume() async throws {
        let desk = try Desk()
        for (fields, after) in [([], "e:2"), (["Last-Event-ID: e:5"], "e:5")] {
            _ = try await desk.ask(.get, "/v1/events?after=e:2", Self.asked + fields, until: ":\n\n")
            #expect(try await desk.backend.subscriptions.first().after?.description == after)
        }
        let refused = try await desk.ask(.get, "/v1/events", Self.asked + ["Last-Event-ID: x"])
        #expect(refused.hasPrefix("HTTP/1.1 400"))
        #expect(refused.contains("'Last-Event-ID' is not a usable value."))
        await desk.server.stop()
    }

    @Test("A comment keeps a silent stream alive")
    func keepAlive() async throws {
        let desk = try Desk(keepAliveInterval: .milliseconds(5))
        let client = try RawClient(port: desk.port)
        try client.send(Desk.request(.get, "/v1/events", Self.asked))
        for _ in 1...5 { #expect(try await client.receive(upTo: ":\n\n").hasSuffix(":\n\n")) }
        client.hangUp()
        await desk.server.stop()
    }

    @Test("What was sent is drained when the system has it")
    func drained() async throws {
        let desk = try Desk()
        let client = try RawClient(port: desk.port)
        try client.send(Desk.request(.get, "/v1/events", Self.asked))
        let subscription = try await desk.backend.subscriptions.first()
        subscription.sink.send(message(1))
        await withCheckedContinuation { continuation in
            subscription.sink.whenDrained { continuation.resume() }
        }
        #expect(try await client.receive(upTo: "}\n\n").hasSuffix("data: {\"seq\":1}\n\n"))
        await desk.server.stop()
    }

    @Test("HEAD shows what GET would be, without a subscription; without Accept there is no stream")
    func head() async throws {
        let desk = try Desk()
        let answer = try await desk.ask(.head, "/v1/events", Self.asked)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        #expect(try await desk.ask(.get, "/v1/events").hasPrefix("HTTP/1.1 426"))
        #expect(try await desk.ask(.get, "/v1/events", ["Accept: text/event-streams"]).hasPrefix("HTTP/1.1 426"))
        _ = try await desk.ask(.get, "/v1/events?after=e:9", Self.asked, until: ":\n\n")
        #expect(try await desk.backend.subscriptions.first().after?.seq == 9)
        await desk.server.stop()
    }

    @Test("A daemon that is about to stop says that it is not ready, and does the rest")
    func readiness() async throws {
        let desk = try Desk()
        #expect(try await desk.ask(.get, "/readyz").hasSuffix(#"{"status":"ready"}"#))
        desk.server.prepareToStop()
        #expect(try await desk.ask(.get, "/readyz").hasPrefix("HTTP/1.1 503"))
        #expect(try await desk.ask(.get, "/healthz").hasSuffix(#"{"status":"ok"}"#))
        #expect(try await desk.ask(.get, "/v1/state").hasPrefix("HTTP/1.1 200"))
        await desk.server.stop()
    }
}
