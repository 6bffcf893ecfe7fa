import Testing

@testable import SIP

@Suite("SIP messages")
struct MessageTests {
    private let invite = """
        INVITE sip:bob@biloxi.com SIP/2.0
        v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/WSS a.invalid:443;branch=z9hG4bKb
        Max-Forwards: 70
        t: Bob <sip:bob@biloxi.com>
        f: "Alice \\"A\\" L" <sip:alice@atlanta.com>;tag=1928301774
        i: a84b4c76e66710@pc33.atlanta.com
        CSEQ: 314159 INVITE
        m: <sip:alice@pc33.atlanta.com>
        Subject: I know you're there,
         pick up the phone
        k: timer, replaces
        Supported: path
        l: 4

        body and more
        """

    private func request(_ text: String) throws -> Request {
        guard case .request(let request) = try read(text) else { throw Malformed.startLine }
        return request
    }

    @Test("the fields of an INVITE are read in compact form, folded and in lists (RFC 3261 §7.3)")
    func parts() throws {
        let request = try request(invite)
        #expect(request.method == .invite)
        #expect(request.target == URI(user: "bob", host: "biloxi.com"))
        #expect(
            request.via == [
                Via(transport: "UDP", host: "pc33.atlanta.com", parameters: ["branch": "z9hG4bK776asdhds"]),
                Via(transport: "WSS", host: "a.invalid", port: 443, parameters: ["branch": "z9hG4bKb"]),
            ])
        #expect(request.from.displayName == "Alice \"A\" L")
        #expect(request.from.tag == "1928301774")
        #expect(request.to == NameAddress(URI(user: "bob", host: "biloxi.com"), displayName: "Bob"))
        #expect(request.callID == "a84b4c76e66710@pc33.atlanta.com")
        #expect(request.cSeq == CSeq(314159, .invite))
        #expect(request.maxForwards == 70)
        #expect(request.contacts == [NameAddress(URI(user: "alice", host: "pc33.atlanta.com"))])
        #expect(request.headers["subject"] == "I know you're there, pick up the phone")
        #expect(request.headers.list(.supported) == ["timer", "replaces", "path"])
        #expect(request.text == "body")
    }

    @Test("a request is written with the length of its body counted (RFC 3261 §20.14)")
    func written() throws {
        let request = Request(
            .message, target: URI(user: "PBX", host: "example.com"),
            via: [Via(transport: "WSS", host: "x.invalid", parameters: ["branch": "z9hG4bK1"])],
            from: NameAddress(URI(user: "1006_00010078", host: "example.com"), displayName: "An \"agent\"")
                .tagged("t1"),
            to: NameAddress(URI(user: "PBX", host: "example.com")), callID: "c1", sequence: 1,
            headers: [.contentType: "application/pidf+xml"], body: Array("<cc a=\"1\"/>".utf8))
        #expect(
            String(decoding: request.bytes, as: UTF8.self)
                == """
                MESSAGE sip:PBX@example.com SIP/2.0
                Via: SIP/2.0/WSS x.invalid;branch=z9hG4bK1
                Max-Forwards: 70
                From: "An \\"agent\\"" <sip:1006_00010078@example.com>;tag=t1
                To: <sip:PBX@example.com>
                Call-ID: c1
                CSeq: 1 MESSAGE
                Content-Type: application/pidf+xml
                Content-Length: 11

                <cc a="1"/>
                """.replacing("\n", with: "\r\n"))
    }

    @Test("a response copies what RFC 3261 §8.2.6.2 names and adds a tag to To")
    func response() throws {
        let response = Response(to: try request(invite), status: 486, tag: "b7")
        #expect(
            String(decoding: response.bytes, as: UTF8.self)
                == """
                SIP/2.0 486 Busy Here
                Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds
                Via: SIP/2.0/WSS a.invalid:443;branch=z9hG4bKb
                From: "Alice \\"A\\" L" <sip:alice@atlanta.com>;tag=1928301774
                To: Bob <sip:bob@biloxi.com>;tag=b7
                Call-ID: a84b4c76e66710@pc33.atlanta.com
                CSeq: 314159 INVITE
                Content-Length: 0


                """.replacing("\n", with: "\r\n"))
    }

    @Test("a line end inside a value cannot start a header field")
    func injection() throws {
        var request = try request(invite)
        request.headers["Subject"] = "a\r\nRoute: <sip:evil>"
        request.headers.append("X\r\nY", "1")
        let written = String(decoding: request.bytes, as: UTF8.self)
        #expect(written.contains("Subject: a  Route: <sip:evil>\r\n"))
        #expect(written.contains("X  Y: 1\r\n"))
        #expect(URI(user: "a\r\nb c%40", host: "h").description == "sip:a%0D%0Ab%20c%40@h")
        let evil = "a\r\nRoute: <sip:evil>\r\n"
        let address = NameAddress(
            URI(host: evil, parameters: ["x": evil]), displayName: evil, parameters: [evil: evil])
        let other = try Request(
            Method(rawValue: evil), target: URI(scheme: .other(evil), host: evil),
            via: [Via(transport: evil, host: evil, parameters: ["branch": evil])]
                + Via.list(parsing: "SIP/2.0/x a;b=\"\(evil)\""),
            from: address, to: NameAddress(parsing: "\"\(evil)\" <sip:a>;b=\"\(evil)\"").tagged(evil), callID: evil,
            sequence: 1)
        #expect(!String(decoding: other.bytes, as: UTF8.self).contains("\nRoute"))
        #expect(
            !String(decoding: Response(to: other, status: 200, reason: evil, tag: nil).bytes, as: UTF8.self).contains(
                "\nRoute"))
    }

    @Test("without Content-Length the body goes to the end of the frame (RFC 7118 §4.1)")
    func bodyToEnd() throws {
        #expect(try request(invite.replacing("l: 4\n", with: "")).text == "body and more")
    }

    @Test("setting a header field replaces every one of that name where the first one was")
    func headers() {
        var headers: Headers = ["A": "1", "B": "2", "a": "3"]
        headers["A"] = "4"
        #expect(headers.fields.map(\.value) == ["4", "2"])
        headers["B"] = nil
        headers["C"] = "5"
        #expect(headers.fields.map(\.value) == ["4", "5"])
        #expect(headers.all("a") == ["4"])
    }

    @Test(
        "what is too long or too much has an answer of its own (RFC 3261 §21.4.11, §21.4.12, §21.5.7)",
        arguments: [
            ("Supported: path\n", Self.many("X: 1\n", 200), "400 Too Many Header Fields"),
            ("Supported: path\n", "X: \(Self.many("x", 1 << 14))\n", "400 Header Field Too Long"),
            ("Supported: path\n", "X: a\n" + Self.many(" \(Self.many("x", 4096))\n", 4), "400 Header Field Too Long"),
            ("Supported: path\n", Self.many("X: \(Self.many("x", 8192))\n", 8), "513 Message Too Large"),
            ("sip:bob@biloxi.com SIP", "sip:\(Self.many("b", 8192))@h SIP", "414 Request-URI Too Long"),
            ("l: 4\n\n", "\n\(Self.many("x", 1 << 18))", "413 Request Entity Too Large"),
        ])
    func limits(_ part: String, replacement: String, answer: String) throws {
        let failure = #expect(throws: UnreadableMessage.self) { try read(invite.replacing(part, with: replacement)) }
        let text = String(decoding: try #require(failure?.reply), as: UTF8.self)
        #expect(text.hasPrefix("SIP/2.0 \(answer)\r\n"))
        guard case .response = try read(Array(text.utf8)) else { throw Malformed.startLine }
    }

    private func reason(_ text: String) throws {
        do { _ = try read(text) } catch { throw error.reason }
    }

    private static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test("a bare CR or LF ends no line", arguments: ["A: 1\nB: 2\r\n", "A: 1\rB: 2\r\n"])
    func bareLineEnds(_ fields: String) {
        let bytes = Array("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/WSS a;branch=z\r\n\(fields)\r\n".utf8)
        #expect(throws: UnreadableMessage.self) { try read(bytes) }
    }

    @Test("an ACK is never answered, however broken it is (RFC 3261 §17.1.1.3)")
    func brokenACK() {
        #expect(throws: UnreadableMessage(reason: .missing(.from), reply: nil)) {
            try read("ACK sip:a SIP/2.0\nVia: SIP/2.0/WSS a;branch=z\n\n")
        }
    }
}
