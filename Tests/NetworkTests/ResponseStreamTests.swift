import HTTP
import HTTPTypes
import Network
import Testing
import Wire

private let eventStream = HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"])

/// A server whose requests get a stream, which the test holds in its hands.
private struct StreamServer {
    let server: HTTPServer
    let port: UInt16
    let streams = Mailbox<ResponseStream>()
    let ends = Mailbox<ResponseStream.End>()

    init(_ limits: HTTPServer.Limits = HTTPServer.Limits()) throws {
        server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: 0)], limits: limits),
            logger: .silent
        ) { [streams, ends] _, responder in
            streams.post(responder.stream(eventStream) { ends.post($0) })
        }
        port = try #require(try server.start().first).port
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ResponseStreamTests {
    @Test("Pieces arrive as chunks when they are sent, and the next request follows the end (RFC 9112 §7.1)")
    func chunked() async throws {
        let server = try StreamServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let first = try await server.streams.next()
        #expect(
            try await client.receive(upTo: "\r\n\r\n").withoutDate
                == "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        first.send(Array("data: 1\n\n".utf8))
        #expect(try await client.receive(upTo: "\n\n\r\n") == "9\r\ndata: 1\n\n\r\n")
        first.send([])
        first.send(Array("data: twenty bytes\n\n".utf8))
        #expect(try await client.receive(upTo: "\n\n\r\n") == "14\r\ndata: twenty bytes\n\n\r\n")
        first.finish()
        first.send([1])
        #expect(try await client.receive(upTo: "0\r\n\r\n") == "0\r\n\r\n")
        #expect(try await server.ends.next() == .finished)
        let second = try await server.streams.next()
        second.finish()
        #expect(try await client.receive(upTo: "\r\n\r\n0\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        await server.server.stop()
    }

    @Test("To HTTP/1.0 the end of the connection is the end of the body (RFC 9112 §6.3)")
    func untilClose() async throws {
        let server = try StreamServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.0\r\n\r\n")
        let stream = try await server.streams.next()
        stream.send(Array("one".utf8))
        stream.finish()
        #expect(
            try await client.receive(upTo: nil).withoutDate
                == "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\none")
        await server.server.stop()
    }

    @Test("HEAD gets the head alone, and the stream is over at once (RFC 9110 §9.3.2)")
    func head() async throws {
        let server = try StreamServer()
        let client = try RawClient(port: server.port)
        try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try await server.ends.next() == .finished)
        try await server.streams.next().send([1])
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        #expect(
            try await client.receive(upTo: nil).withoutDate
                == "\(head)Transfer-Encoding: chunked\r\n\r\n\(head)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        await server.server.stop()
    }

    @Test("A client that reads too slowly is cut off, and others are not")
    func slowReader() async throws {
        var limits = HTTPServer.Limits()
        limits.streamQueue = 64 * 1024
        let server = try StreamServer(limits)
        let client = try RawClient(port: server.port, receiveBuffer: 4096)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let stream = try await server.streams.next()
        let piece = [UInt8](repeating: 0x78, count: 32 * 1024)
        for _ in 0..<1000 { stream.send(piece) }
        #expect(try await server.ends.next() == .tooSlow)
        let other = try RawClient(port: server.port)
        try other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await server.streams.next().finish()
        #expect(try await other.receive(upTo: "0\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        await server.server.stop()
    }

    @Test("A client that goes is noticed without anything being sent")
    func disconnected() async throws {
        let server = try StreamServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let stream = try await server.streams.next()
        client.endSending()
        #expect(try await server.ends.next() == .disconnected)
        stream.send([1])
        await server.server.stop()
    }

    @Test("A stopping server delivers what was sent, ends the body and closes")
    func stopping() async throws {
        let server = try StreamServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await server.streams.next().send(Array("last".utf8))
        async let stopped: Void = server.server.stop()
        #expect(try await client.receive(upTo: nil).hasSuffix("\r\n\r\n4\r\nlast\r\n0\r\n\r\n"))
        client.endSending()
        await stopped
        #expect(try await server.ends.next() == .serverStopping)
    }

    @Test("A request that was answered already gives a stream that is over")
    func answered() async throws {
        let ends = Mailbox<ResponseStream.End>()
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: 0)]), logger: .silent
        ) { _, responder in
            responder.respond(HTTPResponse(status: .noContent))
            responder.stream(eventStream) { ends.post($0) }.send([1])
        }
        let client = try RawClient(port: try #require(try server.start().first).port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive(upTo: "\r\n\r\n").withoutDate == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(try await ends.next() == .notStarted)
        await server.stop()
    }
}
