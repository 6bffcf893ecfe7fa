import Testing
import Wire

@testable import SIP

@Suite("Changes to a session that meet (RFC 3261 §14, RFC 3311 §5)")
struct GlareTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]

    private func send(_ call: CallHandle, _ id: UInt64, _ method: Method = .invite, body: [UInt8] = [3]) {
        link.give(
            .sendInCall(call, RequestID(id), method, headers: sdp, body: body),
            to: call == .outgoing(1) ? .platform : .agent)
    }

    /// Both sides send a re-INVITE at once.
    private func collide() throws {
        let (incoming, outgoing) = try link.call()
        link.isHeld = true
        send(outgoing, 1)
        send(incoming, 2, body: [4])
        link.release()
        #expect(
            link.takeTrace() == [
                "← INVITE", "→ INVITE", "→ 491 INVITE", "← 491 INVITE", "← ACK", "→ ACK",
            ])
        #expect(link.take(.agent) == [])
        #expect(link.take(.platform) == [])
    }

    @Test("after 491 whoever did not make the Call-ID tries again within 2 s, the other one after 2.1 to 4 s (§14.1)")
    func retries() throws {
        try collide()
        link.pass(.seconds(2))
        let (agents, request) = try link.takeRequest(.platform)
        #expect(request.body == [4])
        link.give(.respond(agents, status: 200, headers: sdp, body: [5]), to: .platform)
        #expect(link.take(.agent).names == ["response 2 200"])
        // The platform's own offer was made for the session before: it is told, when it may offer anew.
        #expect(link.take(.platform).names == ["confirmed"])
        link.pass(.seconds(2))
        #expect(link.take(.platform).names == ["response 1 491"])
        #expect(link.takeTrace() == ["→ INVITE", "← 100 INVITE", "← 200 INVITE", "→ ACK"])
    }

    @Test("the owner of the Call-ID sends its offer again when the other side's was refused")
    func ownerRetries() throws {
        try collide()
        link.pass(.seconds(2))
        link.give(.respond(try link.takeRequest(.platform).token, status: 488), to: .platform)
        #expect(link.take(.agent).names == ["response 2 488"])
        link.pass(.milliseconds(2000))
        let (token, request) = try link.takeRequest(.agent)
        #expect(request.body == [3])
        link.give(.respond(token, status: 200, headers: sdp, body: [6]), to: .agent)
        #expect(link.take(.platform).names == ["response 1 200"])
    }

    @Test("an offer that is refused with 491 again and again is given up")
    func givesUp() throws {
        let (incoming, _) = try link.call()
        send(incoming, 2)
        for _ in 0..<4 {
            link.give(.respond(try link.takeRequest(.platform).token, status: 491), to: .platform)
            link.pass(.seconds(2))
        }
        #expect(link.take(.agent) == [])
        link.give(.respond(try link.takeRequest(.platform).token, status: 491), to: .platform)
        #expect(link.take(.agent).names == ["response 2 491"])
    }

    @Test("hanging up while a retry waits ends it")
    func hangUpInBetween() throws {
        try collide()
        link.give(.hangUp(.incoming(1)), to: .agent)
        #expect(link.take(.agent).names == ["response 2 491", "ended hungUp"])
        #expect(link.take(.platform).names == ["response 1 491", "ended bye"])
        link.pass(.seconds(10))
        #expect(link.takeTrace() == ["→ BYE", "← 200 BYE"])
    }

    @Test("while an offer of ours is out, no other is sent")
    func oneAtATime() throws {
        let (incoming, outgoing) = try link.call()
        link.isHeld = true
        send(outgoing, 1)
        send(outgoing, 2)
        send(outgoing, 3, .update)
        #expect(link.take(.platform).names == ["failed 2 refused", "failed 3 refused"])
        link.release()
        send(incoming, 4, .update)
        #expect(link.take(.agent).names.suffix(1) == ["failed 4 refused"])
    }

    @Test("UPDATEs with offers that cross: 491 both ways, then one after the other (RFC 3311 §5.2)")
    func updates() throws {
        let (incoming, outgoing) = try link.call()
        link.isHeld = true
        send(outgoing, 1, .update)
        send(incoming, 2, .update, body: [4])
        link.release()
        #expect(link.takeTrace() == ["← UPDATE", "→ UPDATE", "→ 491 UPDATE", "← 491 UPDATE"])
        link.pass(.seconds(2))
        let (token, request) = try link.takeRequest(.platform)
        #expect(request.body == [4])
        link.give(.respond(token, status: 200, headers: sdp, body: [5]), to: .platform)
        #expect(link.take(.agent).names == ["response 2 200"])
    }

    @Test("a second UPDATE before the first is answered: 500 with Retry-After (RFC 3311 §5.2)")
    func secondUpdate() throws {
        let (_, outgoing) = try link.call()
        send(outgoing, 1, .update)
        var second = try link.takeRequest(.agent).request
        second.via[0].parameters["branch"] = "z9hG4bKsecond"
        second.cSeq.number += 1
        link.isHeld = true
        link.deliver(second.bytes, to: .agent)
        guard case .response(let response) = try #require(link.takeWire().first) else { return }
        #expect(response.status == 500)
        #expect(response.headers[.retryAfter].flatMap(Int.init).map { 0...10 ~= $0 } == true)
    }

    @Test("an UPDATE without an offer passes a re-INVITE that waits (RFC 3311 §5.1)")
    func updateWithoutOffer() throws {
        let (_, outgoing) = try link.call()
        send(outgoing, 1)
        let (token, _) = try link.takeRequest(.agent)
        link.give(.sendInCall(outgoing, RequestID(2), .update), to: .platform)
        #expect(link.take(.platform).names == ["response 2 200"])
        link.give(.respond(token, status: 200, headers: sdp, body: [4]), to: .agent)
        #expect(link.take(.platform).names == ["response 1 200"])
    }

    @Test("an offer that its owner never answers is over when its transaction is")
    func neverAnswered() throws {
        let (incoming, outgoing) = try link.call()
        link.isHeld = true
        send(outgoing, 1, .update)
        let offer = try #require(link.takeWire().first)
        guard case .request(let request) = offer else { return }
        link.deliver(request.bytes, to: .agent)
        _ = link.take(.agent)
        link.pass(.seconds(31))
        send(incoming, 2)
        #expect(link.take(.agent).names == ["failed 2 refused"])
        link.pass(.seconds(1))
        send(incoming, 3)
        #expect(link.take(.agent) == [])
    }
}
