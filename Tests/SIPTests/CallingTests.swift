import Testing
import Wire

@testable import SIP

@Suite("A user agent calls and is called")
struct CallingTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let outgoing = CallHandle.outgoing(1)

    private func ring() throws -> CallHandle {
        link.give(.invite(outgoing, target: link.contact, headers: sdp, body: [1]), to: .platform)
        guard case .incomingCall(let call, let request) = try #require(link.take(.agent).first) else {
            throw Malformed.startLine
        }
        #expect(request.body == [1])
        return call
    }

    @Test("INVITE, 180, 200, ACK, INFO both ways, BYE of the called side (RFC 3665 §3.1)")
    func called() throws {
        let call = try ring()
        link.give(.answer(call, status: 180), to: .agent)
        link.give(.answer(call, status: 200, headers: sdp, body: [2]), to: .agent)
        #expect(link.take(.platform).names == ["progress 180", "answered 200"])
        #expect(link.take(.agent).names == ["confirmed"])

        link.give(.sendInCall(outgoing, RequestID(5), .info, body: Array("<i/>".utf8)), to: .platform)
        let info = try link.takeRequest(.agent)
        #expect(info.request.text == "<i/>")
        link.give(.respond(info.token, status: 200), to: .agent)
        link.give(.sendInCall(call, RequestID(6), .info), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: 415), to: .platform)

        link.give(.hangUp(call, headers: [.reason: "Q.850;cause=16"]), to: .agent)
        #expect(link.take(.agent).names == ["response 6 415", "ended hungUp"])
        let told = link.take(.platform)
        #expect(told.names == ["response 5 200", "ended bye"])
        guard case .callEnded(outgoing, .bye(let bye)) = told[1] else { return }
        #expect(bye.headers[.reason] == "Q.850;cause=16")
        #expect(
            link.takeTrace() == [
                "← INVITE", "→ 180 INVITE", "→ 200 INVITE", "← ACK", "← INFO", "→ 200 INFO", "→ INFO", "← 415 INFO",
                "→ BYE", "← 200 BYE",
            ])
    }

    @Test("BYE of the calling side")
    func callerHangsUp() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.hangUp(outgoing), to: .platform)
        #expect(link.take(.platform) == [.callEnded(outgoing, .hungUp)])
        #expect(link.take(.agent).names == ["ended bye"])
        link.give(.hangUp(incoming), to: .agent)
        link.give(.sendInCall(incoming, RequestID(1), .info), to: .agent)
        #expect(link.take(.agent).names == ["failed 1 refused"])
        #expect(link.takeTrace() == ["← BYE", "→ 200 BYE"])
    }

    @Test("a refused call: final response, ACK, one end on both sides (RFC 3665 §3.8)")
    func refused() throws {
        let call = try ring()
        link.give(.answer(call, status: 486), to: .agent)
        #expect(link.take(.agent) == [.callEnded(call, .hungUp)])
        #expect(link.take(.platform).names == ["ended 486"])
        #expect(link.takeTrace() == ["← INVITE", "→ 486 INVITE", "← ACK"])
        link.pass(.seconds(60))
        #expect(link.agents[.agent]?.deadline == nil)
        #expect(link.agents[.platform]?.deadline == nil)
    }

    @Test("hanging up what rings refuses it with 480")
    func hangUpRinging() throws {
        let call = try ring()
        link.give(.hangUp(call), to: .agent)
        #expect(link.take(.agent) == [.callEnded(call, .hungUp)])
        #expect(link.take(.platform).names == ["ended 480"])
    }

    @Test("100 is sent when the owner says nothing for 200 ms (RFC 3261 §17.2.1)")
    func trying() throws {
        _ = try ring()
        link.pass(.milliseconds(200))
        #expect(link.takeTrace() == ["← INVITE", "→ 100 INVITE"])
        #expect(link.take(.platform) == [])
    }

    @Test("a CANCEL ends what rings: 200 to it, 487 to the INVITE (RFC 3665 §3.8)")
    func cancelled() throws {
        let call = try ring()
        link.give(.answer(call, status: 180), to: .agent)
        link.give(.hangUp(outgoing, headers: [.reason: "SIP;cause=200"]), to: .platform)
        let told = link.take(.agent)
        #expect(told.names == ["ended cancelled"])
        guard case .callEnded(call, .cancelled(let cancel?)) = try #require(told.first) else {
            Issue.record("the CANCEL is not reported")
            return
        }
        #expect(cancel.headers[.reason] == "SIP;cause=200")
        #expect(link.take(.platform).names == ["progress 180", "ended cancelled"])
        #expect(
            link.takeTrace() == [
                "← INVITE", "→ 180 INVITE", "← CANCEL", "→ 200 CANCEL", "→ 487 INVITE", "← ACK",
            ])
        link.give(.answer(call, status: 200), to: .agent)
        #expect(link.diagnostics == [.answerTooLate])
    }

    @Test("a CANCEL waits for the first provisional response (RFC 3261 §9.1)")
    func cancelWaits() throws {
        let call = try ring()
        link.give(.hangUp(outgoing), to: .platform)
        #expect(link.takeTrace() == ["← INVITE"])
        link.give(.answer(call, status: 180), to: .agent)
        #expect(link.takeTrace() == ["→ 180 INVITE", "← CANCEL", "→ 200 CANCEL", "→ 487 INVITE", "← ACK"])
        #expect(link.take(.platform) == [.callEnded(outgoing, .cancelled(nil))])
    }

    @Test("a 200 that crosses the CANCEL is acknowledged and ended by BYE (RFC 3261 §9.1)")
    func cancelRace() throws {
        let call = try ring()
        link.give(.answer(call, status: 180), to: .agent)
        link.isHeld = true
        link.give(.answer(call, status: 200), to: .agent)
        link.give(.hangUp(outgoing), to: .platform)
        link.release()
        #expect(link.take(.platform).names == ["progress 180", "ended cancelled"])
        #expect(link.take(.agent).names == ["confirmed", "ended bye"])
        #expect(
            link.takeTrace() == [
                "← INVITE", "→ 180 INVITE", "→ 200 INVITE", "← CANCEL", "← ACK", "← BYE", "→ 200 CANCEL", "→ 200 BYE",
            ])
    }

    @Test("a cancelled INVITE that is never answered ends 64·T1 later (RFC 3261 §9.1)")
    func cancelUnanswered() throws {
        let call = try ring()
        link.give(.answer(call, status: 180), to: .agent)
        link.isHeld = true
        link.give(.hangUp(outgoing), to: .platform)
        link.lose()
        link.pass(.seconds(32))
        #expect(link.take(.platform).names == ["progress 180", "ended cancelled"])
    }

    @Test("an INVITE without any response ends after 64·T1 (RFC 3261 §17.1.1.2)")
    func unanswered() {
        link.isHeld = true
        link.give(.invite(outgoing, target: link.contact), to: .platform)
        link.lose()
        link.pass(.seconds(32))
        #expect(link.take(.platform) == [.callEnded(outgoing, .timedOut)])
    }

    @Test("a 200 is sent again until its ACK comes, which is sent again for each (RFC 3261 §13.3.1.4)")
    func lostACK() throws {
        let call = try ring()
        link.isHeld = true
        link.give(.answer(call, status: 200), to: .agent)
        link.lose()
        link.pass(.seconds(1))
        link.release()
        #expect(link.takeTrace() == ["← INVITE", "→ 200 INVITE", "→ 200 INVITE", "← ACK"])
        #expect(link.take(.agent).names == ["confirmed"])
        #expect(link.take(.platform).names == ["answered 200"])
    }

    @Test("a 200 whose ACK never comes ends the call with BYE after 64·T1 (RFC 3261 §13.3.1.4)")
    func noACK() throws {
        let call = try ring()
        link.isHeld = true
        link.give(.answer(call, status: 200), to: .agent)
        link.pass(.seconds(32))
        #expect(link.take(.agent) == [.callEnded(call, .timedOut)])
        let trace = link.takeTrace()
        #expect(trace.filter { $0 == "→ 200 INVITE" }.count == 11)
        #expect(trace.last == "→ BYE")
    }

    @Test("hanging up before the ACK waits for it (RFC 3261 §15)")
    func hangUpBeforeACK() throws {
        let call = try ring()
        link.isHeld = true
        link.give(.answer(call, status: 200), to: .agent)
        link.give(.hangUp(call), to: .agent)
        #expect(link.takeTrace() == ["← INVITE", "→ 200 INVITE"])
        link.release()
        #expect(link.takeTrace() == ["← ACK", "→ BYE", "← 200 BYE"])
        #expect(link.take(.agent).names == ["confirmed", "ended hungUp"])
        #expect(link.take(.platform).names == ["answered 200", "ended bye"])
    }

    @Test("a challenged INVITE is acknowledged and sent again; the ACK of its 2xx has its credentials (RFC 3261 §22.1)")
    func challenged() throws {
        link.give(.invite(outgoing, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        guard case .incomingCall(let first, _) = try #require(link.take(.platform).first) else { return }
        let challenge = DigestChallenge(realm: "example.com", nonce: "n")
        link.give(.answer(first, status: 401, headers: [.wwwAuthenticate: challenge.description]), to: .platform)
        let told = link.take(.platform)
        #expect(told.names == ["ended hungUp", "incoming"])
        guard case .incomingCall(let second, let invite) = told[1] else { return }
        #expect(invite.cSeq.number == 2)
        link.give(.answer(second, status: 200, headers: sdp, body: [2]), to: .platform)
        guard case .callConfirmed(second, let ack) = try #require(link.take(.platform).first) else { return }
        #expect(ack.cSeq.number == 2)
        #expect(ack.headers[.authorization] == invite.headers[.authorization])
        #expect(link.take(.agent).names == ["answered 200"])
        #expect(
            link.takeTrace() == [
                "→ INVITE", "← 401 INVITE", "→ ACK", "→ INVITE", "← 200 INVITE", "→ ACK",
            ])
    }
}
