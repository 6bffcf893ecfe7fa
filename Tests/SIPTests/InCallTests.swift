import Testing
import Wire

@testable import SIP

@Suite("Inside a call")
struct InCallTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]

    @Test("a re-INVITE is the owner's to answer and refreshes both targets (RFC 3261 §14)")
    func update() throws {
        let (_, outgoing) = try link.call()
        let headers: Headers = [.contentType: "application/sdp", .contact: "<sip:PBX@new.invalid>"]
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: headers, body: [3]), to: .platform)
        let (token, request) = try link.takeRequest(.agent)
        #expect(request.body == [3])
        link.give(
            .respond(token, status: 200, headers: [.contact: "<sip:a@new.invalid>"], body: [4]), to: .agent)
        #expect(link.take(.agent).names == ["confirmed"])
        guard case .response(RequestID(1), let response) = try #require(link.take(.platform).first) else { return }
        #expect(response.body == [4])
        #expect(link.takeTrace() == ["← INVITE", "→ 200 INVITE", "← ACK"])
        link.give(.sendInCall(outgoing, RequestID(2), .info), to: .platform)
        #expect(try link.takeRequest(.agent).request.target.description == "sip:a@new.invalid")
        link.give(.sendInCall(.incoming(1), RequestID(3), .info), to: .agent)
        #expect(try link.takeRequest(.platform).request.target.description == "sip:PBX@new.invalid")
    }

    @Test("a refused re-INVITE leaves the call as it was (RFC 3261 §14.1)")
    func refusedUpdate() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        link.give(.respond(try link.takeRequest(.agent).token, status: 488), to: .agent)
        #expect(link.take(.platform).names == ["response 1 488"])
        link.give(.hangUp(incoming), to: .agent)
        #expect(link.take(.platform).names == ["ended bye"])
    }

    @Test("a second re-INVITE before the first has its answer is refused: 500 with Retry-After (RFC 3261 §14.2)")
    func secondUpdate() throws {
        let (_, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        link.give(.sendInCall(outgoing, RequestID(2), .invite, headers: sdp, body: [3]), to: .platform)
        #expect(link.take(.platform).names == ["failed 2 refused"])
        let (_, request) = try link.takeRequest(.agent)
        var second = request
        second.via[0].parameters["branch"] = "z9hG4bKsecond"
        second.cSeq.number += 1
        link.isHeld = true
        link.deliver(second.bytes, to: .agent)
        #expect(link.takeTrace() == ["← INVITE", "→ 500 INVITE"])
    }

    @Test("a BYE ends a re-INVITE that waits for its answer with 487 (RFC 3261 §15.1.2)")
    func byeDuringUpdate() throws {
        let (_, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        let (token, _) = try link.takeRequest(.agent)
        link.give(.hangUp(outgoing), to: .platform)
        #expect(link.take(.agent).names == ["ended bye"])
        #expect(link.take(.platform).names == ["ended hungUp", "response 1 487"])
        link.give(.respond(token, status: 200), to: .agent)
        #expect(link.diagnostics == [.answerTooLate])
    }

    @Test("a re-INVITE that got as far as 100 is waited for no more than 64·T1 when its call ends")
    func endedDuringUpdate() throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .invite, headers: sdp, body: [3]), to: .agent)
        link.pass(.milliseconds(200))
        link.isHeld = true
        link.give(.hangUp(incoming), to: .agent)
        link.lose()
        #expect(link.takeTrace() == ["→ INVITE", "← 100 INVITE", "→ BYE"])
        #expect(link.take(.agent).names == ["ended hungUp"])
        link.pass(.seconds(32))
        #expect(link.take(.agent).names == ["failed 1 timedOut"])
        #expect(link.agents[.agent]?.inviteClients.isEmpty == true)
    }

    @Test("our own BYE ends it with 487 too, before the BYE")
    func hangUpDuringUpdate() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        link.give(.hangUp(incoming), to: .agent)
        #expect(link.takeTrace() == ["← INVITE", "→ 487 INVITE", "→ BYE", "← ACK", "← 200 BYE"])
        #expect(link.take(.platform).names == ["response 1 487", "ended bye"])
    }

    @Test("an UPDATE with an offer is the owner's to answer; without one it refreshes the target alone (RFC 3311 §5)")
    func updateMethod() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .update, headers: sdp, body: [3]), to: .platform)
        let (token, request) = try link.takeRequest(.agent)
        #expect(request.contacts.isEmpty == false)
        link.give(.respond(token, status: 200, headers: sdp, body: [4]), to: .agent)
        link.give(
            .sendInCall(outgoing, RequestID(2), .update, headers: [.contact: "<sip:p@new.invalid>"]), to: .platform)
        #expect(link.take(.platform).names == ["response 1 200", "response 2 200"])
        #expect(link.take(.agent) == [])
        link.give(.sendInCall(incoming, RequestID(3), .info), to: .agent)
        #expect(try link.takeRequest(.platform).request.target.description == "sip:p@new.invalid")
    }

    @Test("a request out of order is refused with 500 (RFC 3261 §12.2.2)")
    func outOfOrder() throws {
        let (_, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .info), to: .platform)
        let (token, request) = try link.takeRequest(.agent)
        link.give(.respond(token, status: 200), to: .agent)
        var old = request
        old.via[0].parameters["branch"] = "z9hG4bKold"
        link.deliver(old.bytes, to: .agent)
        #expect(link.takeTrace() == ["← INFO", "→ 200 INFO", "→ 500 INFO"])
    }

    @Test("a far side that no longer knows the call ends it (RFC 3261 §12.2.1.2)")
    func unknownCall() throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .info), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: 481), to: .platform)
        #expect(link.take(.agent).names == ["response 1 481", "ended 481"])
    }

    @Test("a confirmed call outlives its connection and goes on over the next")
    func survives() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .info), to: .agent)
        _ = link.take(.platform)
        link.disconnect()
        #expect(link.take(.agent).names == ["failed 1 transport"])
        #expect(link.take(.platform) == [])
        link.connect()
        link.give(.sendInCall(outgoing, RequestID(2), .info), to: .platform)
        link.give(.respond(try link.takeRequest(.agent).token, status: 200), to: .agent)
        link.give(.hangUp(incoming), to: .agent)
        #expect(link.take(.platform).names == ["response 2 200", "ended bye"])
    }

    @Test("what rings does not outlive the connection")
    func ringingLost() {
        link.give(.invite(.outgoing(1), target: link.contact), to: .platform)
        link.disconnect()
        #expect(link.take(.agent).names == ["incoming", "ended transport"])
        #expect(link.take(.platform).names == ["ended transport"])
    }

    @Test("a 200 without ACK is sent again on the next connection")
    func answeredLost() throws {
        link.isHeld = true
        link.give(.invite(.outgoing(1), target: link.contact), to: .platform)
        link.release()
        link.isHeld = true
        link.give(.answer(.incoming(1), status: 200), to: .agent)
        link.disconnect()
        _ = (link.take(.agent), link.take(.platform), link.takeTrace())
        link.pass(.seconds(1))
        #expect(link.takeTrace() == [])
        link.connect()
        link.isHeld = true
        link.pass(.seconds(1))
        #expect(link.takeTrace() == ["→ 200 INVITE"])
    }
}
