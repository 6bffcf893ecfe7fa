import Testing
import Wire

@testable import SIP

@Suite("Bodies a user agent takes and refuses (RFC 3261 §8.2.3, RFC 5621)")
struct BodyAnswersTests {
    private func outputs(_ method: Method, _ headers: Headers, _ body: String) throws -> [UserAgent
        .Output]
    {
        let link = VirtualLink()
        var agent = try #require(link.agents[.agent])
        let request = Request(
            method, target: link.contact,
            via: [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bK1"])],
            from: NameAddress(VirtualLink.platformURI).tagged("f"), to: NameAddress(link.contact),
            callID: "c",
            sequence: 1, headers: headers, body: wire(body))
        let bytes = request.bytes
        return agent.receive(bytes.span, at: .at(0))
    }

    private func answer(_ method: Method, _ headers: Headers, _ body: String) throws -> Response {
        guard case .transmit(let bytes) = try #require(outputs(method, headers, body).first),
            case .response(let response) = try read(bytes)
        else { throw Malformed.startLine }
        return response
    }

    private func multipart(_ kind: String, besides part: String) -> (Headers, String) {
        (
            [.contentType: "multipart/\(kind);boundary=b"],
            "--b\nContent-Type: \(part)\n\nx\n--b\nContent-Type: application/sdp\n\nv=0\n--b--\n"
        )
    }

    @Test(
        "the description is found among parts that may be passed over, or that are another form of it",
        arguments: [
            ("mixed", "text/html\nContent-Disposition: render;handling=optional"),
            ("alternative", "text/html"),
        ])
    func found(kind: String, part: String) throws {
        let (headers, body) = multipart(kind, besides: part)
        let call = try #require(
            outputs(.invite, headers, body).compactMap { output -> Request? in
                if case .incomingCall(_, let request) = output { request } else { nil }
            }.first)
        #expect(call.sessionDescription == "v=0")
    }

    @Test("a part that has to be understood and is not makes 415")
    func notUnderstood() throws {
        let (headers, body) = multipart("mixed", besides: "text/html")
        let response = try answer(.invite, headers, body)
        #expect(response.status == 415)
        #expect(response.headers[.accept] == "application/sdp")
    }

    @Test(
        "parts that cannot be told apart make 400, and a body that is packed 415",
        arguments: [Method.invite, .message])
    func unreadable(_ method: Method) throws {
        let open = try answer(method, [.contentType: "multipart/mixed;boundary=b"], "--b\n\nx")
        #expect((open.status, open.reason) == (400, "Bad Multipart Body"))
        let packed = try answer(
            method, [.contentType: "application/sdp", .contentEncoding: "gzip"], "x")
        #expect(packed.status == 415)
        #expect(packed.headers[.acceptEncoding] == "identity")
    }

    @Test("an address that is malformed is named in the refusal")
    func malformed() throws {
        let response = try answer(.message, [.contact: "<sip:a@b"], "")
        #expect((response.status, response.reason) == (400, "Bad Address"))
    }
}
