import HTTP
import HTTPTypes
import Testing

struct ResponseWriterTests {
    private static let date = HTTPDate.text(secondsSince1970: 784_111_777)

    private static func text(
        _ response: HTTPResponse, _ body: String, to method: HTTPRequest.Method = .get, keepsAlive: Bool = true
    ) -> String {
        var bytes: [UInt8] = []
        ResponseWriter.append(
            response, body: Array(body.utf8), to: method, keepsAlive: keepsAlive, date: date, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("The date is the IMF-fixdate of RFC 9110 §5.6.7's example, also on leap days")
    func dates() {
        #expect(Self.date == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(secondsSince1970: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(secondsSince1970: 951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate.text(secondsSince1970: 4_107_542_399) == "Sun, 28 Feb 2100 23:59:59 GMT")
    }

    @Test("The writer alone decides the framing fields (RFC 9112 §6)")
    func framing() {
        let response = HTTPResponse(
            status: .ok, headerFields: [.contentType: "text/plain", .contentLength: "9", .transferEncoding: "chunked"])
        #expect(
            Self.text(response, "hi")
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: \(Self.date)\r\nContent-Length: 2\r\n\r\nhi")
        #expect(
            Self.text(HTTPResponse(status: .badRequest), "", keepsAlive: false)
                == "HTTP/1.1 400 Bad Request\r\nDate: \(Self.date)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    @Test("HEAD gets the length and no body, 204 neither (RFC 9110 §9.3.2, RFC 9112 §6.3)")
    func withoutBody() {
        #expect(
            Self.text(HTTPResponse(status: .ok), "hi", to: .head)
                == "HTTP/1.1 200 OK\r\nDate: \(Self.date)\r\nContent-Length: 2\r\n\r\n")
        #expect(
            Self.text(HTTPResponse(status: .noContent), "hi")
                == "HTTP/1.1 204 No Content\r\nDate: \(Self.date)\r\n\r\n")
    }
}
