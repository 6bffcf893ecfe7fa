import HTTP
import HTTPTypes
import Testing

struct ResponseParserTests {
    private struct Answer: Equatable {
        var status: Int
        var fields: HTTPFields
        var body: String

        init(_ status: Int, _ fields: HTTPFields = [:], body: String = "") {
            self.status = status
            self.fields = fields
            self.body = body
        }
    }

    /// The answer, from all bytes at once and from one at a time, which must agree; the end of the bytes ends the connection.
    private static func parse(_ text: String, bodyLimit: Int = 100) throws(ResponseParser.Failure) -> Answer {
        let whole = try parse(text, bodyLimit: bodyLimit, step: text.utf8.count)
        #expect(try whole == parse(text, bodyLimit: bodyLimit, step: 1))
        return whole
    }

    private static func parse(
        _ text: String, bodyLimit: Int, step: Int
    ) throws(ResponseParser.Failure) -> Answer {
        var parser = ResponseParser(bodyLimit: bodyLimit)
        let bytes = Array(text.utf8)
        var response: ResponseParser.Response?
        for start in stride(from: 0, to: bytes.count, by: step) where response == nil {
            response = try parser.receive(bytes.span.extracting(start..<min(start + step, bytes.count)))
        }
        let found = if let response { response } else { try parser.connectionEnded() }
        return Answer(found.status, found.fields, body: String(decoding: found.body, as: UTF8.self))
    }

    @Test("A body ends at its length, at its last chunk or with the connection (RFC 9112 §6.3)")
    func bodies() throws {
        #expect(
            try Self.parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi more")
                == Answer(200, [.contentLength: "2"], body: "hi"))
        #expect(
            try Self.parse("HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
                == Answer(404, [.transferEncoding: "chunked"], body: "hi"))
        #expect(try Self.parse("HTTP/1.0 200 OK\r\n\r\nto the end") == Answer(200, body: "to the end"))
        #expect(
            try Self.parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")
                == Answer(304, [.contentLength: "9"]))
    }

    @Test("Interim answers are passed over (RFC 9110 §15.2)")
    func interim() throws {
        #expect(
            try Self.parse("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") == Answer(204))
    }

    @Test(
        "An answer that breaks off or can be read in two ways is malformed (RFC 9112 §6.3, §8)",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        ])
    func malformed(_ text: String) {
        #expect(throws: ResponseParser.Failure.malformed) { try Self.parse(text, bodyLimit: 100, step: 1) }
    }

    @Test("A body over the limit is refused however its end is known")
    func tooLarge() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n",
        ] {
            #expect(throws: ResponseParser.Failure.tooLarge) {
                try Self.parse(text, bodyLimit: 2, step: text.utf8.count)
            }
        }
    }
}
