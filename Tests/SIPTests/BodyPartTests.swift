import Testing

@testable import SIP

@Suite("Multipart bodies (RFC 2046 §5.1, RFC 5621)")
struct BodyPartTests {
    private func body(_ text: String, type: String = "multipart/mixed; boundary=\"b 1\"") -> BodyPart {
        BodyPart([.contentType: type], wire(text))
    }

    private func texts(_ part: BodyPart) throws -> [String] {
        try part.parts().map { "\($0.mediaType): \(String(decoding: $0.bytes, as: UTF8.self))" }
    }

    @Test("parts are told apart by lines of the boundary, and what is before and after them is left out")
    func parts() throws {
        let mixed = body(
            """
            preamble
            --b 1 \t
            Content-Type: APPLICATION/SDP; charset=utf-8
            Content-Disposition: session;handling=required

            v=0
            --b 10
            --b 1
            c: text/html
            Content-Disposition: render;
             HANDLING=Optional

            <p>

            --b 1

            bare
            --b 1
            Content-Type: image/png


            --b 1--
            --b 1
            epilogue
            """)
        #expect(
            try texts(mixed) == [
                "application/sdp: v=0\r\n--b 10", "text/html: <p>\r\n", "text/plain: bare", "image/png: ",
            ])
        #expect(try mixed.parts().map(\.isOptional) == [false, true, false, false])
        #expect(mixed.part("text/html")?.bytes == Array("<p>\r\n".utf8))
        #expect(mixed.part("text/xml") == nil)
    }

    @Test("a multipart inside a multipart gives its parts in its place")
    func nested() throws {
        let nested = body(
            """
            --b 1
            Content-Type: multipart/alternative;boundary=inner

            --inner

            one
            --inner

            two
            --inner--
            --b 1

            three
            --b 1--
            """)
        #expect(try texts(nested) == ["text/plain: one", "text/plain: two", "text/plain: three"])
    }

    @Test("a body that is no multipart is its only part")
    func single() throws {
        let part = BodyPart([.contentType: "application/sdp"], Array("v=0".utf8))
        #expect(try part.parts() == [part])
        #expect(part.part("application/sdp") == part)
        #expect(BodyPart([:], []).mediaType == "text/plain")
    }

    @Test("parts that cannot be told apart, or are too many or too deep, are refused")
    func malformed() {
        let once = "--b 1\n\nx\n"
        #expect(throws: Malformed.multipart) { try body(once).parts() }
        #expect(throws: Malformed.multipart) { try body("no boundary").parts() }
        #expect(throws: Malformed.multipart) { try body("--b--", type: "multipart/mixed").parts() }
        #expect(throws: Malformed.multipart) { try body("--b--", type: "multipart/mixed;boundary=\"\"").parts() }
        #expect(throws: Malformed.headerLine) { try body("--b 1\nno field\n--b 1--").parts() }
        let many = String(repeating: once, count: 33) + "--b 1--"
        #expect(throws: Malformed.tooManyParts) { try body(many).parts() }
        let deep = (0..<5).reversed().reduce("x") { inside, level in
            "--b\(level)\nContent-Type: multipart/mixed;boundary=b\(level + 1)\n\n\(inside)\n--b\(level)--"
        }
        #expect(throws: Malformed.nestedTooDeep) { try body(deep, type: "multipart/mixed;boundary=b0").parts() }
    }

    @Test("the message of RFC 4475 §3.1.1.11 has a text and a binary part")
    func torture() throws {
        let bytes = try TortureCase.bytes(of: "rfc4475/valid/mpart01")
        guard case .request(let request) = try read(bytes) else { throw Malformed.startLine }
        let parts = try request.content.parts()
        #expect(parts.map(\.mediaType) == ["text/plain", "application/octet-stream"])
        #expect(parts.first?.bytes == Array("Hello".utf8))
        #expect(parts.last?.bytes.prefix(2) == [0x30, 0x82])
    }
}
