import Testing
import Wire

@testable import SIP

@Suite("Where an offer may be (RFC 3261 §13.2.1, §14, RFC 3264)")
struct OfferTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let outgoing = CallHandle.outgoing(1)

    /// An INVITE without an offer; the 200 makes one.
    private func call() throws -> (CallHandle, RequestToken) {
        link.give(.invite(outgoing, target: link.contact), to: .platform)
        guard case .incomingCall(let call, _) = try #require(link.take(.agent).first) else { throw Malformed.startLine }
        link.give(.answer(call, status: 200, headers: sdp, body: [2]), to: .agent)
        let told = link.take(.platform)
        #expect(told.names == ["offered 200"])
        guard case .callOffered(outgoing, let token, let response) = told[0] else { throw Malformed.startLine }
        #expect(response.body == [2])
        #expect(link.takeTrace() == ["← INVITE", "→ 200 INVITE"])
        return (call, token)
    }

    @Test("an INVITE without an offer: the 200 makes it, the ACK answers it")
    func offerInSuccess() throws {
        let (_, token) = try call()
        link.pass(.milliseconds(500))
        #expect(link.takeTrace() == ["→ 200 INVITE"])
        link.give(.respond(token, status: 200, headers: sdp, body: [3]), to: .platform)
        #expect(link.take(.platform).names == ["answered 200"])
        let told = link.take(.agent)
        #expect(told.names == ["confirmed"])
        guard case .callConfirmed(_, let ack) = told[0] else { return }
        #expect(ack.body == [3])
        link.pass(.seconds(64))
        #expect(link.takeTrace() == ["← ACK"])
        link.give(.respond(token, status: 200), to: .platform)
        #expect(link.diagnostics.suffix(1) == [.answerTooLate])
    }

    @Test("an offer in a 200 that is refused is acknowledged, and the call ended by BYE (RFC 3261 §13.2.2.4)")
    func refused() throws {
        let (_, token) = try call()
        link.give(.respond(token, status: 488), to: .platform)
        #expect(link.take(.platform).names == ["ended hungUp"])
        #expect(link.takeTrace() == ["← ACK", "← BYE", "→ 200 BYE"])
        #expect(link.take(.agent).names == ["confirmed", "ended bye"])
    }

    @Test("hanging up before the answer is given acknowledges the 200 too")
    func hangUp() throws {
        let (_, token) = try call()
        link.give(.hangUp(outgoing), to: .platform)
        #expect(link.takeTrace() == ["← ACK", "← BYE", "→ 200 BYE"])
        link.give(.respond(token, status: 200), to: .platform)
        #expect(link.diagnostics == [.answerTooLate])
        #expect(link.agents[.platform]?.offers.isEmpty == true)
    }

    @Test("a re-INVITE before the offer in the 200 has its answer is refused with 491")
    func unanswered() throws {
        let (incoming, _) = try call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        link.give(.sendInCall(incoming, RequestID(2), .invite, headers: sdp, body: [3]), to: .agent)
        #expect(link.take(.platform).names == ["failed 1 refused"])
        #expect(link.take(.agent).names == ["failed 2 refused"])
        link.give(.sendInCall(outgoing, RequestID(3), .update), to: .platform)
        #expect(link.take(.platform).names == ["response 3 200"])
    }

    @Test("a re-INVITE without an offer, in both directions (RFC 3261 §14.1)", arguments: [true, false])
    func reinvite(_ isFromAgent: Bool) throws {
        let (incoming, outgoing) = try link.call()
        let (side, other): (VirtualLink.Side, VirtualLink.Side) =
            isFromAgent ? (.agent, .platform) : (.platform, .agent)
        link.give(.sendInCall(isFromAgent ? incoming : outgoing, RequestID(1), .invite), to: side)
        let (token, request) = try link.takeRequest(other)
        #expect(request.body == [])
        link.give(.respond(token, status: 200, headers: sdp, body: [5]), to: other)
        let told = link.take(side)
        #expect(told.names == ["offered 200"])
        guard case .callOffered(_, let offer, _) = told[0] else { return }
        link.give(.respond(offer, status: 200, headers: sdp, body: [6]), to: side)
        #expect(link.take(side).names == ["response 1 200"])
        guard case .callConfirmed(_, let ack) = try #require(link.take(other).first) else { return }
        #expect(ack.body == [6])
        link.give(
            .sendInCall(isFromAgent ? incoming : outgoing, RequestID(2), .update, headers: sdp, body: [7]), to: side)
        #expect(try link.takeRequest(other).request.body == [7])
    }

    @Test("a PRACK or UPDATE with another body than a session description is refused with 415 (RFC 3261 §8.2.3)")
    func otherBody() throws {
        let (_, outgoing) = try link.call()
        link.give(
            .sendInCall(outgoing, RequestID(1), .update, headers: [.contentType: "text/plain"], body: [3]),
            to: .platform)
        #expect(link.take(.platform).names == ["response 1 415"])
    }
}
