import Testing

@testable import SIP

@Suite("Dialogs")
struct DialogTests {
    private func invite(_ headers: Headers) -> Request {
        Request(
            .invite, target: URI(user: "b", host: "b.example"),
            from: NameAddress(URI(user: "a", host: "a.example")).tagged("A"),
            to: NameAddress(URI(user: "b", host: "b.example")), callID: "c", sequence: 10, headers: headers)
    }

    @Test("the callee keeps the Record-Route in its order and takes Contact as target (RFC 3261 §12.1.1)")
    func callee() throws {
        var dialog = try Dialog(
            answering: invite([.recordRoute: "<sip:p2;lr>, <sip:p1;lr>", .contact: "<sip:a@1.invalid>"]), localTag: "B",
            sequence: 100)
        #expect(dialog.id == Dialog.ID(callID: "c", localTag: "B", remoteTag: "A"))
        let bye = dialog.request(.bye)
        #expect(bye.target.description == "sip:a@1.invalid")
        #expect(bye.from.description == "<sip:b@b.example>;tag=B")
        #expect(bye.to.description == "<sip:a@a.example>;tag=A")
        #expect(bye.cSeq == CSeq(101, .bye))
        #expect(bye.headers.all(.route) == ["<sip:p2;lr>", "<sip:p1;lr>"])
    }

    @Test("the caller turns the Record-Route around and goes on from the number of its INVITE (RFC 3261 §12.1.2)")
    func caller() throws {
        var response = Response(to: invite([:]), status: 200, tag: "B")
        response.headers = [.recordRoute: "<sip:p2;lr>, <sip:p1;lr>", .contact: "<sip:b@2.invalid>"]
        var dialog = try Dialog(request: invite([:]), response: response)
        #expect(dialog.id == Dialog.ID(callID: "c", localTag: "A", remoteTag: "B"))
        let ack = dialog.acknowledgement(of: 10)
        #expect(ack.cSeq == CSeq(10, .ack))
        #expect(ack.target.description == "sip:b@2.invalid")
        #expect(ack.headers.all(.route) == ["<sip:p1;lr>", "<sip:p2;lr>"])
        #expect(dialog.request(.info).cSeq == CSeq(11, .info))
    }

    @Test("a strict router becomes the Request-URI and the target the last route (RFC 3261 §12.2.1.1)")
    func strictRouter() throws {
        var dialog = try Dialog(
            answering: invite([.recordRoute: "<sip:p2>, <sip:p1;lr>", .contact: "<sip:a@1.invalid>"]), localTag: "B",
            sequence: 1)
        let bye = dialog.request(.bye)
        #expect(bye.target.description == "sip:p2")
        #expect(bye.headers.all(.route) == ["<sip:p1;lr>", "<sip:a@1.invalid>"])
    }

    @Test("requests are admitted in the order of their numbers, gaps allowed (RFC 3261 §12.2.2)")
    func order() throws {
        var dialog = try Dialog(answering: invite([:]), localTag: "B", sequence: 1)
        var info = invite([:])
        let numbers: [UInt32] = [10, 11, 15, 14, 15, 16]
        let admitted = numbers.map { number in
            info.cSeq = CSeq(number, .info)
            return dialog.admit(info)
        }
        #expect(admitted == [false, true, true, false, false, true])
    }

    @Test("a refreshed target is where the next request goes (RFC 3261 §12.2.1.2)")
    func refresh() throws {
        var dialog = try Dialog(answering: invite([.contact: "<sip:a@1.invalid>"]), localTag: "B", sequence: 1)
        dialog.refreshTarget(from: [:])
        #expect(dialog.request(.info).target.description == "sip:a@1.invalid")
        dialog.refreshTarget(from: [.contact: "<sip:a@9.invalid>"])
        #expect(dialog.request(.info).target.description == "sip:a@9.invalid")
    }

    @Test("headers and method of a Contact stay out of the Request-URI (RFC 3261 §19.1.1)")
    func contactWithHeaders() throws {
        var dialog = try Dialog(
            answering: invite([.contact: "<sip:a@1.invalid;method=INVITE;ob?subject=x>"]), localTag: "B", sequence: 1)
        #expect(dialog.request(.bye).target.description == "sip:a@1.invalid;ob")
    }
}
