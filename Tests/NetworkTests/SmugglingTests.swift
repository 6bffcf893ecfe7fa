import HTTP
import HTTPTypes
import Network
import Testing
import Wire

/// A request that two servers in a row could read in two ways, and what becomes of it here.
private struct Trick: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: String
    let status: Int

    init(_ name: String, _ bytes: String, _ status: Int = 400) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    var testDescription: String { name }

    /// A POST with fields and a body, behind which a request is hidden.
    static func post(_ name: String, _ fields: String, _ body: String = "0\r\n\r\n", _ status: Int = 400) -> Trick {
        Trick(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)", status)
    }
}

private let chunked = "Transfer-Encoding: chunked"

private let tricks: [Trick] = [
    .post("CL.TE", "Content-Length: 5\r\n\(chunked)"),
    .post("TE.CL", "\(chunked)\r\nContent-Length: 5"),
    .post("Content-Length: 0 with Transfer-Encoding", "Content-Length: 0\r\n\(chunked)"),
    .post("two Transfer-Encodings", "\(chunked)\r\n\(chunked)"),
    .post("Transfer-Encoding twice, the second hidden", "\(chunked)\r\nTransfer-Encoding: x"),
    .post("chunked applied twice", "Transfer-Encoding: chunked, chunked"),
    .post("chunked not last", "Transfer-Encoding: chunked, identity"),
    .post("chunked with an empty element", "Transfer-Encoding: chunked,"),
    .post("chunked quoted", "Transfer-Encoding: \"chunked\""),
    .post("chunked with a parameter", "Transfer-Encoding: chunked;x=y"),
    .post("chunked with a vertical tab", "Transfer-Encoding: \u{B}chunked"),
    .post("chunked with a no-break space", "Transfer-Encoding: \u{A0}chunked"),
    .post("chunked with the Kelvin sign for its k", "Transfer-Encoding: chun\u{212A}ed"),
    .post("identity", "Transfer-Encoding: identity"),
    .post("a coding that is not known", "Transfer-Encoding: gzip, chunked", "0\r\n\r\n", 501),
    .post("Transfer-Encoding with a space before its colon", "Transfer-Encoding : chunked"),
    .post("Transfer-Encoding on a folded line", "X: y\r\n \(chunked)"),
    .post("Transfer-Encoding folded behind a tab", "Transfer-Encoding:\r\n\tchunked"),
    .post("Transfer-Encoding behind a bare CR", "X: y\r\(chunked)"),
    .post("Transfer-Encoding behind a bare LF", "X: y\n\(chunked)"),
    .post("Transfer-Encoding with NUL in its name", "Transfer\u{0}-Encoding: chunked"),
    .post(
        "Transfer-Encoding with an underscore and a length", "Transfer_Encoding: chunked\r\nContent-Length: 5",
        "0\r\n\r\n", 200),
    .post("two lengths that agree", "Content-Length: 5\r\nContent-Length: 5"),
    .post("two lengths that differ", "Content-Length: 0\r\nContent-Length: 5"),
    .post("a list of lengths", "Content-Length: 5, 5"),
    .post("a length with a sign", "Content-Length: +5"),
    .post("a negative length", "Content-Length: -5"),
    .post("a length with a space in it", "Content-Length: 0 5"),
    .post("a length in hexadecimal", "Content-Length: 0x5"),
    .post("a length with a fraction", "Content-Length: 5.0"),
    .post("a length of Arabic digits", "Content-Length: \u{665}"),
    .post("a length with NUL", "Content-Length: 5\u{0}"),
    .post("a length that overflows", "Content-Length: 18446744073709551621", "0\r\n\r\n", 413),
    .post("a chunk size that overflows", chunked, "10000000000000005\r\nhello\r\n0\r\n\r\n", 413),
    .post("a chunk size with a sign", chunked, "+5\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk size with 0x", chunked, "0x5\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk size with an underscore", chunked, "0_5\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk size followed by junk", chunked, "5 x\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk size with trailing space", chunked, "5 \r\nhello\r\n0\r\n\r\n"),
    .post("a chunk size behind a space", chunked, " 5\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk line ended by a bare LF", chunked, "5\nhello\r\n0\r\n\r\n"),
    .post("a bare LF in a chunk extension", chunked, "5;x\nhello\r\n0\r\n\r\n"),
    .post("a bare CR in a chunk extension", chunked, "5;x\ry\r\nhello\r\n0\r\n\r\n"),
    .post("a chunk longer than it says", chunked, "5\r\nhelloo\r\n0\r\n\r\n"),
    .post("a chunk ended by a bare LF", chunked, "5\r\nhello\n0\r\n\r\n"),
    .post("a trailer folded", chunked, "0\r\nX: y\r\n z\r\n\r\n"),
    .post("a trailer ended by a bare LF", chunked, "0\r\nX: y\n\r\n"),
    Trick("Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\n\(chunked)\r\n\r\n0\r\n\r\n"),
    Trick("a tab before the method", "\tGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("a tab behind the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("a tab in the target", "GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("a request line with four words", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("a request line behind a bare LF", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Trick("HTTP/0.9", "GET /\r\n\r\n"),
    Trick("a version with a line of its own", "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"),
    Trick("fields before the first field", "GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n"),
    Trick("no Host", "GET / HTTP/1.1\r\n\r\n"),
    Trick("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    Trick("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Trick("Host with user information", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n"),
    Trick("Host with a space before its colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    Trick("an absolute target beside two Hosts", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    Trick("an absolute target of another host than Host", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 200),
    Trick("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
]

@Suite(.timeLimit(.minutes(1)))
struct SmugglingTests {
    @Test("What could hide a request is refused and nothing after it is read (RFC 9112 §11.2)", arguments: tricks)
    fileprivate func trick(_ trick: Trick) async throws {
        let seen = Mailbox<String>()
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(endpoints: [Endpoint(.loopback4, port: 0)]), logger: .silent
        ) { request, responder in
            seen.post("\(request.head.authority ?? "")\(request.head.path ?? "") \(request.body.count)")
            responder.respond(HTTPResponse(status: .ok))
        }
        let client = try RawClient(port: try #require(try server.start().first).port)
        try client.send(trick.bytes + "GET /hidden HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answers = try await client.receive(upTo: nil)
        #expect(answers.hasPrefix("HTTP/1.1 \(trick.status) "))
        if trick.status == 200 {
            #expect(try await seen.next() == (trick.bytes.hasPrefix("POST") ? "a/ 5" : "a/ 0"))
            #expect(try await seen.next() == "a/hidden 0")
        } else {
            #expect(answers.ranges(of: "HTTP/1.1 ").count == 1)
            #expect(answers.contains("\r\nConnection: close\r\n"))
        }
        await server.stop()
    }
}
