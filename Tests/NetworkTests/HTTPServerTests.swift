import HTTP
import HTTPTypes
import Network
import Testing
import Wire

private let loopback = Endpoint(.loopback4, port: 0)

private func startServer(
    _ limits: HTTPServer.Limits = HTTPServer.Limits(), onRequest: @escaping HTTPServer.RequestClosure
) throws -> (server: HTTPServer, port: UInt16) {
    let server = HTTPServer(
        configuration: HTTPServer.Configuration(endpoints: [loopback], limits: limits),
        logger: .silent, onRequest: onRequest)
    return (server, try #require(try server.start().first).port)
}

/// Answers with the path.
private let echoPath: HTTPServer.RequestClosure = { request, responder in
    responder.respond(HTTPResponse(status: .ok), body: Array((request.head.path ?? "").utf8))
}

private func ok(_ body: String, closing: Bool = false) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(closing ? "Connection: close\r\n" : "")\r\n\(body)"
}

@Suite(.timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test("A connection serves one request after the other, until one asks to close (RFC 9112 §9.3)")
    func keepAlive() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let client = try RawClient(port: port)
        for path in ["/first", "/second"] {
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive(upTo: path).withoutDate == ok(path))
        }
        try client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try await client.receive(upTo: nil).withoutDate == ok("/last", closing: true))
        await server.stop()
    }

    @Test("Pipelined requests are answered in order, however late the first answer comes (RFC 9112 §9.3.2)")
    func pipelining() async throws {
        let held = Mailbox<Responder>()
        let (server, port) = try startServer { request, responder in
            if request.head.path == "/slow" {
                held.post(responder)
            } else {
                echoPath(request, responder)
            }
        }
        let client = try RawClient(port: port)
        try client.send(
            "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
        let responder = try await held.next()
        responder.respond(HTTPResponse(status: .ok), body: Array("slow".utf8))
        responder.respond(HTTPResponse(status: .badGateway))
        #expect(try await client.receive(upTo: "/3").withoutDate == ok("slow") + ok("/2") + ok("/3"))
        await server.stop()
    }

    @Test("Thousands of pipelined requests of a client that reads late are answered all the same")
    func pipeliningWithoutReading() async throws {
        let body = String(repeating: "x", count: 1000)
        let (server, port) = try startServer { request, responder in
            responder.respond(HTTPResponse(status: .ok), body: Array((body + (request.head.path ?? "")).utf8))
        }
        let client = try RawClient(port: port, receiveBuffer: 4096)
        let requests = (1...2000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        let sending = Task.detached { try client.send(requests) }
        let answers = try await client.receive(upTo: "/2000")
        try await sending.value
        #expect(answers.withoutDate == (1...2000).map { ok("\(body)/\($0)") }.joined())
        await server.stop()
    }

    @Test("A chunked body arrives whole, after 100 Continue if the client waits for it (RFC 9110 §10.1.1)")
    func continues() async throws {
        let (server, port) = try startServer { request, responder in
            responder.respond(HTTPResponse(status: .ok), body: request.body)
        }
        let client = try RawClient(port: port)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try await client.receive(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        #expect(try await client.receive(upTo: "abcde").withoutDate == ok("abcde"))
        await server.stop()
    }

    @Test("A client that has ended its sending half still gets its answer (RFC 9112 §9.6)")
    func halfClose() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let client = try RawClient(port: port)
        try client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endSending()
        let answer = try await client.receive(upTo: nil)
        #expect(answer.hasSuffix("/half"))
        await server.stop()
    }

    @Test("A broken request is answered with 400 and the connection ends (RFC 9112 §3)")
    func badRequest() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            try await client.receive(upTo: nil).withoutDate
                == "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await server.stop()
    }

    @Test("A client still sending a body that is too large can read its 413 (RFC 9112 §9.6)")
    func tooLarge() async throws {
        var limits = HTTPServer.Limits()
        limits.body = 1000
        let (server, port) = try startServer(limits, onRequest: echoPath)
        let client = try RawClient(port: port)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
        try client.send([UInt8](repeating: 0x41, count: 300_000))
        client.endSending()
        let answer = try await client.receive(upTo: nil)
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        await server.stop()
    }

    @Test("A request whose header never ends is answered with 408, a connection without a request just closed")
    func timeOuts() async throws {
        var limits = HTTPServer.Limits()
        limits.headerTime = .milliseconds(500)
        limits.idleTime = .milliseconds(500)
        let (server, port) = try startServer(limits, onRequest: echoPath)
        let slow = try RawClient(port: port)
        try slow.send("GET / HTTP/1.1\r\nHost: a\r\n")
        let answer = try await slow.receive(upTo: nil)
        #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(try await RawClient(port: port).receive(upTo: nil) == "")
        let idle = try RawClient(port: port)
        try idle.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await idle.receive(upTo: nil).withoutDate == ok("/x"))
        await server.stop()
    }

    @Test("A client that goes on sending one byte after the other is cut all the same")
    func trickle() async throws {
        var limits = HTTPServer.Limits()
        limits.headerTime = .milliseconds(300)
        limits.header = 64 * 1024 * 1024
        let (server, port) = try startServer(limits, onRequest: echoPath)
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nX: ")
        let trickling = Task.detached { while (try? client.send("x")) != nil { await Task.yield() } }
        #expect(try await client.receive(upTo: "\r\n").hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        await trickling.value
        await server.stop()
    }

    @Test("A responder that is let go answers 500")
    func unanswered() async throws {
        let (server, port) = try startServer { _, _ in }
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            try await client.receive(upTo: "\r\n\r\n").withoutDate
                == "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
        await server.stop()
    }

    @Test(
        "A connection over a limit gets 503, and there is room again when another one ends (RFC 9110 §15.6.4)",
        arguments: [(connections: 1, perPeer: 9), (connections: 9, perPeer: 1)])
    func connectionLimit(connections: Int, perPeer: Int) async throws {
        var limits = HTTPServer.Limits()
        limits.connections = connections
        limits.connectionsPerPeer = perPeer
        let (server, port) = try startServer(limits, onRequest: echoPath)
        let first = try RawClient(port: port)
        try first.send("GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await first.receive(upTo: "/one").withoutDate == ok("/one"))
        let second = try RawClient(port: port)
        try second.send("GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            try await second.receive(upTo: nil).withoutDate
                == "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        try first.send("GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try await first.receive(upTo: nil).withoutDate == ok("/two", closing: true))
        first.endSending()
        while true {
            let next = try RawClient(port: port)
            try next.send("GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            if try await next.receive(upTo: nil).withoutDate == ok("/three", closing: true) { break }
        }
        await server.stop()
    }

    @Test("Stopping lets the request in hand finish, then nothing listens any more")
    func stop() async throws {
        let held = Mailbox<Responder>()
        let (server, port) = try startServer { _, responder in held.post(responder) }
        let busy = try RawClient(port: port)
        let idle = try RawClient(port: port)
        try busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let responder = try await held.next()
        async let stopped: Void = server.stop()
        #expect(try await idle.receive(upTo: nil) == "")
        responder.respond(HTTPResponse(status: .ok), body: Array("done".utf8))
        #expect(try await busy.receive(upTo: nil).withoutDate == ok("done", closing: true))
        idle.endSending()
        busy.endSending()
        await stopped
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }

    @Test("Stopping waits for the rest of a request that has begun, and answers it")
    func stopInsideRequest() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let client = try RawClient(port: port)
        let idle = try RawClient(port: port)
        try client.send("PUT /half HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        #expect(try await client.receive(upTo: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        async let stopped: Void = server.stop()
        #expect(try await idle.receive(upTo: nil) == "")
        try client.send("body")
        #expect(try await client.receive(upTo: nil).withoutDate == ok("/half", closing: true))
        idle.endSending()
        client.endSending()
        await stopped
    }

    @Test("Who is turned away by the head of a request has no body waited for")
    func turnedAway() async throws {
        var configuration = HTTPServer.Configuration(endpoints: [loopback])
        configuration.onHead = { request in
            request.head.path == "/no" ? (HTTPResponse(status: .unauthorized), Array("no".utf8)) : nil
        }
        let server = HTTPServer(configuration: configuration, logger: .silent, onRequest: echoPath)
        let port = try #require(try server.start().first).port
        for (path, end) in [("/no", "no"), ("/yes", "100 Continue\r\n\r\n")] {
            let client = try RawClient(port: port)
            try client.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            #expect(try await client.receive(upTo: end).hasPrefix(path == "/no" ? "HTTP/1.1 401 " : "HTTP/1.1 100 "))
            client.endSending()
        }
        await server.stop()
    }

    @Test("A request that is never answered does not hold up stopping beyond the grace period")
    func stopWithoutGrace() async throws {
        let held = Mailbox<Responder>()
        var configuration = HTTPServer.Configuration(endpoints: [loopback, Endpoint(.loopback6, port: 0)])
        configuration.gracePeriod = .milliseconds(50)
        let server = HTTPServer(configuration: configuration, logger: .silent) { held.post($1) }
        let endpoints = try server.start()
        #expect(endpoints.map(\.address) == [.loopback4, .loopback6])
        let client = try RawClient(port: endpoints[0].port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let responder = try await held.next()
        await server.stop()
        #expect(try await client.receive(upTo: nil) == "")
        responder.respond(HTTPResponse(status: .ok))
    }

    @Test("A port that is taken is said, with its address")
    func portTaken() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let endpoint = Endpoint(.loopback4, port: port)
        let other = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [loopback, endpoint]), logger: .silent,
            onRequest: echoPath)
        let failure = #expect(throws: HTTPServer.StartFailure.self) { try other.start() }
        guard case .listen(.tcp(endpoint), let error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.call == .bind)
        await server.stop()
    }

    @Test("A hundred connections are served side by side")
    func manyConnections() async throws {
        let (server, port) = try startServer(onRequest: echoPath)
        let clients = try (0..<100).map { _ in try RawClient(port: port) }
        for (number, client) in clients.enumerated() {
            try client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        for (number, client) in clients.enumerated() {
            #expect(try await client.receive(upTo: "\r\n\r\n/\(number)").withoutDate == ok("/\(number)"))
        }
        await server.stop()
    }
}
