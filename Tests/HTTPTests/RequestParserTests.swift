import HTTP
import HTTPTypes
import Testing
import Wire

struct RequestParserTests {
    private static func parse(
        _ text: String, limits: RequestParser.Limits = RequestParser.Limits()
    ) throws(RequestParser.Failure) -> [RequestParser.Event] {
        var parser = RequestParser(scheme: "http", limits: limits)
        parser.receive(Array(text.utf8).span)
        var events: [RequestParser.Event] = []
        while let event = try parser.next() { events.append(event) }
        return events
    }

    private static func request(
        _ method: HTTPRequest.Method, _ path: String, fields: HTTPFields = [:], body: String = "",
        keepsAlive: Bool = true, minorVersion: Int = 1
    ) -> RequestParser.Event {
        .request(
            RequestParser.Request(
                head: HTTPRequest(
                    method: method, scheme: "http", authority: "a", path: path, headerFields: fields),
                body: Array(body.utf8), keepsAlive: keepsAlive, minorVersion: minorVersion))
    }

    @Test("A request line, fields and a counted body make a request (RFC 9112 §2.1)")
    func wholeRequest() throws {
        let events = try Self.parse(
            "POST /v1/call?x=1 HTTP/1.1\r\nHost: a\r\nAccept:  text/plain \t\r\nContent-Length: 5\r\n\r\nhello")
        #expect(
            events == [
                Self.request(
                    .post, "/v1/call?x=1", fields: [.accept: "text/plain", .contentLength: "5"], body: "hello")
            ])
    }

    @Test("The same requests come out when the bytes arrive one at a time (RFC 9112 §2.2)")
    func byteByByte() throws {
        let text =
            "\r\nPOST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3;name=\"v\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        var parser = RequestParser(scheme: "http")
        var events: [RequestParser.Event] = []
        for byte in text.utf8 {
            parser.receive([byte].span)
            while let event = try parser.next() {
                if case .request = event { events.append(event) }
            }
        }
        #expect(
            events == [
                Self.request(.post, "/", fields: [.transferEncoding: "chunked"], body: "abc0123456789"),
                Self.request(.get, "/2"),
            ])
    }

    @Test("Pipelined requests come out in order (RFC 9112 §9.3.2)")
    func pipelining() throws {
        let events = try Self.parse(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
                + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            events == [
                Self.request(.get, "/1"), Self.request(.post, "/2", fields: [.contentLength: "2"], body: "ok"),
                Self.request(.get, "/3"),
            ])
    }

    @Test("A connection persists unless it says close or speaks HTTP/1.0 (RFC 9112 §9.3)")
    func persistence() throws {
        #expect(
            try Self.parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n")
                == [Self.request(.get, "/", fields: [.connection: "x, Close"], keepsAlive: false)])
        #expect(
            try Self.parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                == [
                    Self.request(
                        .get, "/", fields: [.connection: "keep-alive"], keepsAlive: false, minorVersion: 0)
                ])
    }

    @Test("An absolute target's authority replaces Host (RFC 9112 §3.2.2)")
    func absoluteForm() throws {
        let events = try Self.parse("GET HTTP://b:81?q HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = HTTPRequest(method: .get, scheme: "http", authority: "b:81", path: "/?q")
        #expect(
            events == [
                .request(RequestParser.Request(head: head, body: [], keepsAlive: true, minorVersion: 1))
            ])
    }

    @Test("A client that expects 100-continue and waits is told to go on, once (RFC 9110 §10.1.1)")
    func expectContinue() throws {
        var parser = RequestParser(scheme: "http")
        parser.receive(
            Array("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n".utf8).span)
        let expected = try parser.next()
        let head = try #require(parser.head)
        #expect(expected == .bodyExpected(head, expectsContinue: true))
        #expect(try parser.next() == nil)
        parser.receive(Array("x".utf8).span)
        #expect(
            try parser.next()
                == Self.request(
                    .put, "/", fields: [.expect: "100-Continue", .contentLength: "1"], body: "x"))
    }

    @Test(
        "What could be read in two ways is refused with 400 (RFC 9112 §2.2, §3, §5, §6, §7)",
        arguments: [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\n",
            "GET / HTTP/1.1\rHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nX: a\rb\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
            "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
            " / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
            "GET /\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n",
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
        ])
    func malformed(_ text: String) {
        #expect(throws: RequestParser.Failure.malformed) { try Self.parse(text) }
    }

    @Test("Every limit has its own status, and the limit itself is allowed (RFC 9110 §15.5)")
    func limits() throws {
        var limits = RequestParser.Limits()
        limits.requestLine = 20
        limits.header = 24
        limits.fieldCount = 2
        limits.body = 4
        func verdict(_ text: String) -> Int {
            do {
                return try Self.parse(text, limits: limits).isEmpty ? 0 : 200
            } catch {
                return error.status.code
            }
        }
        #expect(verdict("GET /23456789 HTTP/1\(".1")\r\nHost: a\r\n\r\n") == 414)
        #expect(verdict("GET /2345678901234567") == 0)
        #expect(verdict("GET /234567890123456789012") == 414)
        #expect(verdict("GET /2345 HTTP/1.1\r\nHost: a\r\n\r\n") == 200)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: 3456789012\r\n\r\n") == 200)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: 34567890123456\r\n\r\n") == 431)
        #expect(verdict("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n") == 431)
        #expect(verdict("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n") == 431)
        limits.header = 100
        #expect(verdict("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd") == 200)
        #expect(verdict("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n") == 413)
        #expect(verdict("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n") == 413)
        let chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(verdict(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n") == 200)
        #expect(verdict(chunked + "2\r\nab\r\n3\r\n") == 413)
        #expect(verdict(chunked + "ffffffffffffffffff\r\n") == 413)
    }

    @Test("A version, a coding and an expectation that are not known have their own status")
    func notSupported() {
        #expect(throws: RequestParser.Failure.versionNotSupported) {
            try Self.parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n")
        }
        #expect(throws: RequestParser.Failure.codingNotSupported) {
            try Self.parse("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
        }
        #expect(throws: RequestParser.Failure.expectationNotSupported) {
            try Self.parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n")
        }
    }

    @Test("A body that is not all there is announced once, with its head")
    func announced() throws {
        var parser = RequestParser(scheme: "http")
        parser.receive(Array("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab".utf8).span)
        let head = HTTPRequest(
            method: .put, scheme: "http", authority: "a", path: "/a", headerFields: [.contentLength: "4"])
        #expect(try parser.next() == .bodyExpected(head, expectsContinue: false))
        #expect(parser.head == head)
        parser.receive(Array("c".utf8).span)
        #expect(try parser.next() == nil)
        parser.receive(Array("dGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span)
        #expect(try parser.next() == Self.request(.put, "/a", fields: [.contentLength: "4"], body: "abcd"))
        #expect(parser.head == nil)
        #expect(try parser.next() == Self.request(.get, "/"))
        #expect(try parser.next() == nil)
    }

    @Test("Trailer fields count like header fields")
    func trailerLimits() throws {
        var limits = RequestParser.Limits()
        limits.fieldCount = 3
        limits.header = 100
        let chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(try Self.parse(chunked + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits: limits).count == 1)
        for trailer in ["A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", "A: \(String(repeating: "x", count: 100))"] {
            #expect(throws: RequestParser.Failure.headerTooLarge) {
                try Self.parse(chunked + trailer, limits: limits)
            }
        }
    }

    @Test("A later minor version is read as HTTP/1.1 (RFC 9110 §2.5)")
    func laterMinorVersion() throws {
        #expect(try Self.parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n") == [Self.request(.get, "/")])
    }

    @Test("A failure is final: nothing after it is read")
    func failureIsFinal() {
        var parser = RequestParser(scheme: "http")
        parser.receive(Array("BAD\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span)
        #expect(throws: RequestParser.Failure.malformed) { try parser.next() }
        #expect(throws: RequestParser.Failure.malformed) { try parser.next() }
    }
}
