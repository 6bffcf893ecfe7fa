import HTTP
import Testing
import Wire

@Suite("Asking a proxy for a tunnel (RFC 9110 §9.3.6)")
struct ProxyConnectTests {
    private func verdict(_ answer: String, inPiecesOf size: Int = .max) throws(ProxyConnect.Failure) -> Bool {
        var connect = ProxyConnect(to: "gateway.example:443")
        var rest = Array(answer.utf8)[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            if try connect.receive(piece.span) { return rest.isEmpty }
        }
        return false
    }

    @Test("The request names host and port, and who one is by the scheme Basic (RFC 7617 §2)")
    func request() {
        #expect(
            ProxyConnect(to: "[2001:db8::1]:443").request
                == Array("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n".utf8))
        let named = ProxyConnect(to: "a:1", credentials: ("Aladdin", Redacted("open sesame")))
        let text = String(decoding: named.request, as: UTF8.self)
        #expect(text.hasSuffix("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"))
    }

    @Test("Any 2xx makes the tunnel, whatever its fields and however it arrives", arguments: [1, 7, .max])
    func made(size: Int) throws {
        #expect(try verdict("HTTP/1.1 200 Connection established\r\n\r\n", inPiecesOf: size))
        #expect(try verdict("HTTP/1.0 299 \r\nContent-Length: 9\r\nVia: p\r\n\r\n", inPiecesOf: size))
        #expect(try verdict("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", inPiecesOf: size))
        #expect(try !verdict("HTTP/1.1 200 OK\r\nVia: p\r\n", inPiecesOf: size))
    }

    @Test("Any other status is the proxy's refusal", arguments: [301, 403, 407, 502])
    func refused(status: Int) {
        #expect(throws: ProxyConnect.Failure.rejected(status: status)) { try verdict("HTTP/1.1 \(status) No\r\n") }
    }

    @Test("What is no answer, goes on behind the answer or never ends is refused")
    func nonsense() {
        #expect(throws: ProxyConnect.Failure.malformed) { try verdict("SSH-2.0-OpenSSH\r\n") }
        #expect(throws: ProxyConnect.Failure.malformed) { try verdict("HTTP/1.1 200 OK\n\n") }
        #expect(throws: ProxyConnect.Failure.malformed) { try verdict("HTTP/1.1 200 OK\r\n\r\nmore") }
        let field = "A: " + String(repeating: "b", count: 1000) + "\r\n"
        for (field, count) in [(field, 17), ("A: b\r\n", 101)] {
            #expect(throws: ProxyConnect.Failure.headerTooLarge) {
                try verdict("HTTP/1.1 200 OK\r\n" + String(repeating: field, count: count))
            }
        }
        #expect(throws: ProxyConnect.Failure.headerTooLarge) { try verdict(String(repeating: "H", count: 20_000)) }
    }
}
