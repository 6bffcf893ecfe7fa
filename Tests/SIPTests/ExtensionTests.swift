import Testing
import Wire

@testable import SIP

@Suite("Info packages, reasons and identities")
struct ExtensionTests {
    private let link = VirtualLink { $0.infoPackages = ["dtmf", "g.3gpp.mid-call"] }

    private func request(_ headers: Headers) -> Request {
        Request(
            .invite, target: URI(host: "a.example"), from: NameAddress(URI(host: "a")), to: NameAddress(URI(host: "b")),
            callID: "c", sequence: 1, headers: headers)
    }

    @Test("an INFO of a package that is taken, or of the old kind, is the owner's (RFC 6086 §4.2.2, §9)")
    func taken() throws {
        let (_, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .info, headers: ["Info-Package": "DTMF"]), to: .platform)
        link.give(.sendInCall(outgoing, RequestID(2), .info), to: .platform)
        #expect(link.take(.agent).names == ["callRequest INFO", "callRequest INFO"])
    }

    @Test("an INFO of another package is refused with 469 and those that are taken (RFC 6086 §4.2.2)")
    func notTaken() throws {
        let (_, outgoing) = try link.call()
        link.isHeld = true
        link.give(.sendInCall(outgoing, RequestID(1), .info), to: .platform)
        guard case .request(var info) = try #require(link.takeWire().first) else { return }
        info.headers.append("Info-Package", "foo")
        link.deliver(info.bytes, to: .agent)
        guard case .response(let response) = try #require(link.takeWire().first) else { return }
        #expect((response.status, response.headers["Recv-Info"]) == (469, "dtmf, g.3gpp.mid-call"))
    }

    @Test("a package is sent only to who said that it takes it (RFC 6086 §4.2.1)")
    func offered() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .info, headers: ["Info-Package": "foo"]), to: .platform)
        #expect(link.take(.platform).names == ["failed 1 refused"])
        link.give(.sendInCall(incoming, RequestID(2), .info, headers: ["Info-Package": "dtmf"]), to: .agent)
        #expect(link.take(.agent).names == ["failed 2 refused"])
    }

    @Test("the reasons of a request (RFC 3326 §2)")
    func reasons() {
        let bye = request([
            .reason: "SIP ;cause=200 ;text=\"Call completed; elsewhere\", Q.850;cause=16", "reason": "x",
        ])
        #expect(
            bye.reasons == [
                Reason("SIP", cause: 200, text: "Call completed; elsewhere"), Reason("Q.850", cause: 16), Reason("x"),
            ])
        #expect(Reason("SIP", cause: 480, text: "a \"b\"").description == "SIP;cause=480;text=\"a \\\"b\\\"\"")
        #expect(request([.reason: ";cause=1"]).reasons == [])
    }

    @Test("privacy and the identities the network vouches for (RFC 3323 §4.2, RFC 3325 §9)")
    func identities() {
        let invite = request([
            .privacy: "id; Critical", .assertedIdentity: "\"Cullen\" <sip:fluffy@cisco.com>, <tel:+14085264000>",
            .preferredIdentity: "<sip:a@b>",
        ])
        #expect(invite.privacy == ["id", "critical"])
        #expect(invite.assertedIdentities.map(\.uri.description) == ["sip:fluffy@cisco.com", "tel:+14085264000"])
        #expect(invite.preferredIdentities.map(\.uri.description) == ["sip:a@b"])
        let anonymous = request([.assertedIdentity: "<<>"])
        #expect((anonymous.privacy, anonymous.assertedIdentities) == ([], []))
    }

    @Test(
        "the status line of a NOTIFY (RFC 3420 §2)",
        arguments: [
            ("SIP/2.0 200 OK", StatusFragment(200, reason: "OK")), ("SIP/2.0 180", StatusFragment(180)),
            ("SIP/2.0 486 Busy Here\r\nVia: x", StatusFragment(486, reason: "Busy Here")), ("SIP/2.0 99 x", nil),
            ("SIP/2.0 700 x", nil), ("HTTP/1.1 200 OK", nil), ("", nil), ("SIP/2.0 ٢٠٠ OK", nil),
        ] as [(String, StatusFragment?)])
    func fragments(_ text: String, _ expected: StatusFragment?) {
        #expect((try? StatusFragment(parsing: Array(text.utf8))) == expected)
    }

    @Test("what an RAck acknowledges (RFC 3262 §7.2)")
    func acknowledged() {
        #expect((try? RAck(parsing: "776656 1 INVITE")) == RAck(776_656, CSeq(1, .invite)))
        for text in ["1 INVITE", "x 1 INVITE", "4294967296 1 INVITE", "", "1 1"] {
            #expect(throws: Malformed.value(.rAck)) { try RAck(parsing: text) }
        }
    }
}
