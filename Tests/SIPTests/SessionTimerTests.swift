import Testing
import Wire

@testable import SIP

@Suite("Session timers (RFC 4028)")
struct SessionTimerTests {
    private let link = VirtualLink { $0.sessionInterval = 1800 }
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let outgoing = CallHandle.outgoing(1)

    /// The agent calls; what the platform answers may be changed on its way.
    private func call(
        _ headers: Headers = [.sessionExpires: "1800;refresher=uac"], changing change: ((inout Response) -> Void)? = nil
    ) throws {
        var fields = sdp
        fields.append(headers)
        link.give(.invite(outgoing, target: VirtualLink.platformURI, headers: fields, body: [1]), to: .agent)
        guard case .incomingCall(let incoming, _) = try #require(link.take(.platform).first) else { return }
        link.isHeld = change != nil
        link.give(.answer(incoming, status: 200, headers: sdp, body: [2]), to: .platform)
        if let change {
            guard case .response(var response) = try #require(link.takeWire().first) else { return }
            change(&response)
            link.deliver(response.bytes, to: .agent)
            link.release()
        }
        #expect(link.take(.agent).names == ["answered 200"])
        _ = (link.take(.platform), link.takeTrace())
    }

    private func takeSent() throws -> Request {
        guard case .request(let request) = try #require(link.takeWire().first) else { throw Malformed.startLine }
        return request
    }

    @Test("the caller asks for an interval and refreshes at half of it by UPDATE (§7.1, §7.2, §10)")
    func callerRefreshes() throws {
        link.isHeld = true
        link.give(.invite(outgoing, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        #expect(try takeSent().headers[.sessionExpires] == "1800")
        link.isHeld = false
        link.give(.hangUp(outgoing), to: .agent)
        link.pass(.seconds(33))
        _ = (link.take(.agent), link.takeTrace())

        try call()
        link.pass(.seconds(899))
        #expect(link.takeTrace() == [])
        link.pass(.seconds(1))
        #expect(link.takeTrace() == ["→ UPDATE", "← 200 UPDATE"])
        link.pass(.seconds(1800))
        #expect(link.takeTrace() == ["→ UPDATE", "← 200 UPDATE", "→ UPDATE", "← 200 UPDATE"])
        #expect(link.take(.agent) == [])
        #expect(link.take(.platform) == [])
    }

    @Test("a 2xx names interval and refresher and requires the timer of a caller who refreshes (§9, Table 2)")
    func answer() throws {
        link.isHeld = true
        for (supported, asked, expected) in [
            ("timer", "3600", "1800;refresher=uas"), ("timer", "600;refresher=uac", "600;refresher=uac"),
            ("timer", nil, "1800;refresher=uas"), ("100rel", nil, "1800;refresher=uas"),
            ("100rel", "60", "90;refresher=uas"),
        ] {
            var headers: Headers = [.supported: supported, .contentType: "application/sdp"]
            if let asked { headers.append(.sessionExpires, asked) }
            link.isHeld = false
            let number = UInt64(link.agents[.platform]?.calls.count ?? 0) + 1
            link.give(.invite(.outgoing(number), target: link.contact, headers: headers, body: [1]), to: .platform)
            guard case .incomingCall(let incoming, _) = try #require(link.take(.agent).first) else { return }
            link.isHeld = true
            link.give(.answer(incoming, status: 200, headers: sdp, body: [2]), to: .agent)
            guard case .response(let response) = try #require(link.takeWire().first) else { return }
            #expect(response.headers[.sessionExpires] == expected)
            #expect(response.headers.list(.require) == (expected.hasSuffix("uac") ? ["timer"] : []))
            link.deliver(response.bytes, to: .platform)
            link.release()
        }
    }

    @Test("the called side refreshes when it is said to (§9)")
    func calledRefreshes() throws {
        try call([.sessionExpires: "1800;refresher=uas"])
        link.pass(.seconds(900))
        #expect(link.takeTrace() == ["← UPDATE", "→ 200 UPDATE"])
    }

    @Test("without a refresh the call is ended before the interval is over (§10)")
    func expires() throws {
        try call([.sessionExpires: "1800;refresher=uas"]) { $0.headers[.sessionExpires] = "300;refresher=uas" }
        link.pass(.seconds(267))
        #expect(link.take(.agent) == [])
        link.pass(.seconds(1))
        #expect(link.take(.agent) == [.callEnded(outgoing, .expired)])
        #expect(link.takeTrace() == ["→ BYE", "← 200 BYE"])
    }

    @Test("a refresh that is never answered ends the call as any request does (RFC 3261 §12.2.1.2)")
    func unanswered() throws {
        try call()
        link.isHeld = true
        link.pass(.seconds(900))
        link.lose()
        link.pass(.seconds(32))
        #expect(link.take(.agent).names == ["ended timedOut"])
    }

    @Test("a change to the session refreshes it too (§7.4)")
    func modification() throws {
        try call()
        link.pass(.seconds(800))
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .agent)
        let (token, request) = try link.takeRequest(.platform)
        #expect(request.headers[.sessionExpires] == "1800;refresher=uac")
        link.give(.respond(token, status: 200, headers: sdp, body: [4]), to: .platform)
        _ = link.takeTrace()
        link.pass(.seconds(899))
        #expect(link.takeTrace() == [])
        link.pass(.seconds(1))
        #expect(link.takeTrace() == ["→ UPDATE", "← 200 UPDATE"])
    }

    @Test("a 2xx without an interval ends the timer (§7.2)")
    func noTimer() throws {
        try call { $0.headers[.sessionExpires] = nil }
        link.pass(.seconds(1700))
        #expect(link.takeTrace() == [])
    }

    @Test("where UPDATE is not allowed a re-INVITE without an offer refreshes (§7.4)")
    func reinvite() throws {
        try call { $0.headers[.allow] = "INVITE, ACK, BYE, CANCEL" }
        link.pass(.seconds(900))
        let (token, request) = try link.takeRequest(.platform)
        #expect((request.method, request.body) == (.invite, []))
        link.give(.respond(token, status: 200, headers: sdp, body: [4]), to: .platform)
        guard case .callOffered(outgoing, let offer, _) = try #require(link.take(.agent).first) else { return }
        link.give(.respond(offer, status: 200, headers: sdp, body: [5]), to: .agent)
        #expect(link.take(.agent) == [])
        link.pass(.seconds(899))
        #expect(link.takeTrace().suffix(2) == ["← 200 INVITE", "→ ACK"])
    }

    @Test(
        "a refresh that is refused is tried again while the session lasts, by re-INVITE after 405",
        arguments: [405, 500])
    func refused(_ status: Int) throws {
        try call()
        link.isHeld = true
        link.pass(.seconds(900))
        let update = try takeSent()
        link.deliver(Response(to: update, status: status, tag: nil).bytes, to: .agent)
        link.pass(.seconds(5))
        let again = try takeSent()
        #expect(again.method == (status == 405 ? .invite : .update))
        #expect(again.cSeq.number == update.cSeq.number + 1)
    }

    @Test("an interval that is too short is refused with 422, in a call as well (§8, §9)")
    func tooShort() throws {
        link.give(
            .invite(outgoing, target: link.contact, headers: [.sessionExpires: "60", .supported: "timer"]),
            to: .platform)
        #expect(link.takeTrace() == ["← INVITE", "→ 422 INVITE", "← ACK", "← INVITE"])
        guard case .incomingCall(let call, let invite) = try #require(link.take(.agent).first) else { return }
        #expect((invite.headers[.sessionExpires], invite.headers[.minSE]) == ("90", "90"))
        link.give(.answer(call, status: 200), to: .agent)
        _ = link.takeTrace()
        link.isHeld = true
        link.give(.sendInCall(outgoing, RequestID(1), .update, headers: [.sessionExpires: "30"]), to: .platform)
        let update = try takeSent()
        link.deliver(update.bytes, to: .agent)
        guard case .response(let response) = try #require(link.takeWire().first) else { return }
        #expect((response.status, response.headers[.minSE]) == (422, "90"))
    }

    @Test("422 is answered with the interval it asks for, a few times (§7.3)")
    func lengthened() throws {
        link.isHeld = true
        link.give(.invite(outgoing, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        var invite = try takeSent()
        for minimum in [3600, 4000, 5000, 6000] {
            link.deliver(
                Response(to: invite, status: 422, tag: "B", headers: [.minSE: String(minimum)]).bytes, to: .agent)
            let sent = link.takeWire().compactMap { if case .request(let request) = $0 { request } else { nil } }
            #expect(sent.map(\.method) == [.ack, .invite])
            let again = try #require(sent.last)
            #expect(again.headers[.sessionExpires] == String(minimum))
            #expect(again.headers[.minSE] == String(minimum))
            #expect(again.cSeq.number == invite.cSeq.number + 1)
            invite = again
        }
        link.deliver(Response(to: invite, status: 422, tag: "B", headers: [.minSE: "7000"]).bytes, to: .agent)
        #expect(link.take(.agent).names == ["ended 422"])
    }

    @Test("a refresh that meets 422 is sent again, longer (§7.3)")
    func refreshLengthened() throws {
        try call()
        link.isHeld = true
        link.pass(.seconds(900))
        let update = try takeSent()
        link.deliver(Response(to: update, status: 422, tag: nil, headers: [.minSE: "2000"]).bytes, to: .agent)
        let again = try takeSent()
        #expect((again.method, again.headers[.sessionExpires]) == (.update, "2000;refresher=uac"))
        #expect(again.headers[.minSE] == "2000")
    }

    @Test("a refresh waits for a connection; without one the session expires, and a BYE is owed")
    func disconnected() throws {
        try call()
        link.disconnect()
        link.pass(.seconds(1000))
        #expect(link.takeTrace() == [])
        link.connect()
        link.pass(.zero)
        #expect(link.takeTrace() == ["→ UPDATE", "← 200 UPDATE"])
        link.disconnect()
        link.pass(.seconds(1767))
        #expect(link.take(.agent) == [])
        link.pass(.seconds(1))
        #expect(link.take(.agent) == [.callEnded(outgoing, .expired)])
        link.connect()
        #expect(link.takeTrace() == ["← BYE", "→ 481 BYE", "→ BYE", "← 481 BYE"])
    }

    @Test(
        "the value of Session-Expires (§4)",
        arguments: [
            ("1800", SessionExpires(1800)), ("1800;refresher=uac", SessionExpires(1800, refresher: .uac)),
            ("90 ; Refresher = UAS;x=y", SessionExpires(90, refresher: .uas)), ("4294967295", SessionExpires(86_400)),
            ("4294967296", nil), ("-1", nil), ("", nil), (";refresher=uac", nil),
        ] as [(String, SessionExpires?)])
    func values(_ text: String, _ expected: SessionExpires?) {
        #expect((try? SessionExpires(parsing: text)) == expected)
    }
}
