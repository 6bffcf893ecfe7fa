import Testing
import Wire

@testable import SIP

@Suite("An INVITE that a proxy forks (RFC 3261 §13.2.2, §16.7)")
struct ForkingTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let call = CallHandle.outgoing(1)

    /// Sends an INVITE that nobody but the test answers.
    private func invite() throws -> Request {
        link.isHeld = true
        link.give(.invite(call, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        return try takeRequest()
    }

    private func takeRequest() throws -> Request {
        guard case .request(let request) = try #require(link.takeWire().last) else { throw Malformed.startLine }
        return request
    }

    private func answer(_ invite: Request, _ status: Int, tag: String, _ headers: Headers = [:], body: [UInt8] = []) {
        var response = Response(to: invite, status: status, tag: tag, headers: headers, body: body)
        if response.headers[.contact] == nil { response.headers[.contact] = "<sip:\(tag)@f.invalid>" }
        link.deliver(response.bytes, to: .agent)
    }

    private func request(_ method: Method, in invite: Request, from tag: String, sequence: UInt32 = 1) -> [UInt8] {
        Request(
            method, target: link.contact,
            via: [Via(transport: "WSS", host: "f.invalid", parameters: ["branch": "z9hG4bK\(tag)\(sequence)"])],
            from: invite.to.tagged(tag), to: invite.from, callID: invite.callID, sequence: sequence
        ).bytes
    }

    @Test("each fork that rings has an early dialog; requests go out in that heard from last")
    func earlyDialogs() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        answer(invite, 183, tag: "two", sdp, body: [2])
        #expect(link.take(.agent).names == ["progress 180", "progress 183"])
        #expect(link.agents[.agent]?.dialogs.count == 2)
        link.give(.sendInCall(call, RequestID(1), .info), to: .agent)
        let second = try takeRequest()
        #expect(second.to.tag == "two")
        #expect(second.target.description == "sip:two@f.invalid")
        answer(invite, 180, tag: "one")
        link.give(.sendInCall(call, RequestID(2), .info), to: .agent)
        let first = try takeRequest()
        #expect(first.to.tag == "one")
        // Each dialog counts by itself (RFC 3261 §12.2.1.1).
        #expect(first.cSeq == CSeq(2, .info))
        #expect(second.cSeq == CSeq(2, .info))
    }

    @Test("the first 2xx takes the call; a later one of another fork is acknowledged and ended by BYE")
    func firstWins() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        answer(invite, 180, tag: "two")
        answer(invite, 200, tag: "two", sdp, body: [2])
        #expect(link.take(.agent).names == ["progress 180", "progress 180", "answered 200"])
        #expect(link.agents[.agent]?.dialogs.count == 1)
        answer(invite, 200, tag: "one", sdp, body: [3])
        answer(invite, 200, tag: "one", sdp, body: [3])
        #expect(link.take(.agent) == [])
        #expect(link.takeTrace() == ["→ INVITE", "→ ACK", "→ ACK", "→ BYE", "→ ACK"])
        let sent = link.takeWire().compactMap { if case .request(let request) = $0 { request.to.tag } else { nil } }
        #expect(sent == ["two", "one", "one", "one"])
        link.give(.hangUp(call), to: .agent)
        #expect(try takeRequest().to.tag == "two")
    }

    @Test("the 2xx brings the dialog its route set and target, the early one its numbers (RFC 3261 §13.2.2.4)")
    func confirmedRoute() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one", [.recordRoute: "<sip:early;lr>"])
        link.give(.sendInCall(call, RequestID(1), .info), to: .agent)
        let info = try takeRequest()
        #expect(info.headers.all(.route) == ["<sip:early;lr>"])
        answer(invite, 200, tag: "one", [.recordRoute: "<sip:b;lr>, <sip:a;lr>", .contact: "<sip:new@f.invalid>"])
        let ack = try takeRequest()
        #expect(ack.headers.all(.route) == ["<sip:a;lr>", "<sip:b;lr>"])
        #expect(ack.target.description == "sip:new@f.invalid")
        link.give(.hangUp(call), to: .agent)
        #expect(try takeRequest().cSeq == CSeq(3, .bye))
    }

    @Test("a fork's request in its early dialog is the owner's; its BYE ends that dialog alone")
    func requestsOfForks() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        answer(invite, 180, tag: "two")
        link.deliver(request(.info, in: invite, from: "one"), to: .agent)
        #expect(link.take(.agent).names == ["progress 180", "progress 180", "callRequest INFO"])
        link.deliver(request(.bye, in: invite, from: "one", sequence: 2), to: .agent)
        link.deliver(request(.info, in: invite, from: "one", sequence: 3), to: .agent)
        #expect(link.take(.agent) == [])
        #expect(link.takeTrace() == ["→ INVITE", "→ 200 BYE", "→ 481 INFO"])
        answer(invite, 200, tag: "two")
        #expect(link.take(.agent).names == ["answered 200"])
    }

    @Test("what waits in an early dialog to be tried again has failed when its fork ends by BYE")
    func retryOfFork() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        link.give(.sendInCall(call, RequestID(1), .update), to: .agent)
        let update = try takeRequest()
        link.deliver(Response(to: update, status: 491, tag: "one").bytes, to: .agent)
        #expect(link.take(.agent).names == ["progress 180"])
        link.deliver(request(.bye, in: invite, from: "one"), to: .agent)
        #expect(link.take(.agent).names == ["response 1 491"])
    }

    @Test("a refusal of all forks leaves no early dialog behind")
    func refused() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        answer(invite, 180, tag: "two")
        answer(invite, 486, tag: "two")
        #expect(link.take(.agent).names == ["progress 180", "progress 180", "ended 486"])
        #expect(link.agents[.agent]?.dialogs.isEmpty == true)
    }

    @Test("no more early dialogs are kept than a fork makes sense for")
    func bounded() throws {
        let invite = try invite()
        for number in 1...50 { answer(invite, 180, tag: "t\(number)") }
        #expect(link.agents[.agent]?.dialogs.count == 8)
        answer(invite, 200, tag: "t50")
        #expect(link.agents[.agent]?.dialogs.count == 1)
        #expect(link.take(.agent).last.map { [$0].names } == ["answered 200"])
    }

    @Test("2xx of two forks after the CANCEL: both are acknowledged and ended (RFC 3261 §9.1)")
    func lateSuccesses() throws {
        let invite = try invite()
        answer(invite, 180, tag: "one")
        link.give(.hangUp(call), to: .agent)
        answer(invite, 200, tag: "one")
        answer(invite, 200, tag: "two")
        #expect(link.take(.agent).names == ["progress 180", "ended cancelled"])
        #expect(link.takeTrace() == ["→ INVITE", "→ CANCEL", "→ ACK", "→ BYE", "→ ACK", "→ BYE"])
        #expect(link.agents[.agent]?.dialogs.isEmpty == true)
    }

    @Test("a 2xx whose Contact cannot be read is no 2xx; the owner can still give up")
    func unreadableContact() throws {
        let invite = try invite()
        answer(invite, 200, tag: "one", [.contact: "<<>"])
        #expect(link.diagnostics == [.malformed(.uri)] || link.diagnostics == [.malformed(.address)])
        #expect(link.take(.agent) == [])
        link.pass(.seconds(32))
        #expect(link.take(.agent).names == ["ended timedOut"])
    }
}
