import Testing
import Wire

@testable import SIP

@Suite("Reliable provisional responses (RFC 3262)")
struct ReliabilityTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let outgoing = CallHandle.outgoing(1)

    private func ring(_ headers: Headers = [:], body: [UInt8] = [1]) throws -> CallHandle {
        var fields = headers
        if !body.isEmpty { fields.append(.contentType, "application/sdp") }
        link.give(.invite(outgoing, target: link.contact, headers: fields, body: body), to: .platform)
        guard case .incomingCall(let call, _) = try #require(link.take(.agent).first) else { throw Malformed.startLine }
        return call
    }

    private func answer(_ call: CallHandle, _ status: Int, body: [UInt8] = []) {
        link.give(.answer(call, status: status, headers: body.isEmpty ? [:] : sdp, body: body), to: .agent)
    }

    @Test(
        "early media: a 183 with an answer goes out reliably, PRACK and its 200 follow, 200 without one (RFC 3262 §3)")
    func earlyMedia() throws {
        let call = try ring()
        answer(call, 183, body: [2])
        answer(call, 200)
        let told = link.take(.platform)
        #expect(told.names == ["progress 183", "answered 200"])
        guard case .callProgress(_, let progress) = told[0] else { return }
        #expect(progress.body == [2])
        #expect(link.take(.agent).names == ["progressConfirmed", "confirmed"])
        #expect(
            link.takeTrace() == [
                "← INVITE", "→ 183 INVITE", "← PRACK", "→ 200 PRACK", "→ 200 INVITE", "← ACK",
            ])
        link.pass(.seconds(64))
        #expect(link.takeTrace() == [])
    }

    @Test("while a call rings, what was said last is said again each minute (RFC 3261 §13.3.1.1)")
    func ringsLong() throws {
        let call = try ring([.supported: "timer"])
        answer(call, 180)
        link.pass(.seconds(50))
        answer(call, 183, body: [2])
        _ = (link.take(.platform), link.takeTrace())
        link.pass(.seconds(59))
        #expect(link.takeTrace() == [])
        link.pass(.seconds(121))
        let told = link.take(.platform)
        #expect(told.names == ["progress 183", "progress 183", "progress 183"])
        guard case .callProgress(_, let progress) = told[0] else { return }
        #expect(progress.body == [2])
        answer(call, 200, body: [2])
        _ = link.takeTrace()
        link.pass(.seconds(600))
        #expect(link.takeTrace() == [])
    }

    @Test("reliable responses are repeated every two and a half minutes, each with a number of its own (RFC 3262 §3)")
    func ringsLongReliably() throws {
        let call = try ring([.require: "100rel"])
        answer(call, 183, body: [2])
        _ = (link.take(.platform), link.takeTrace())
        link.pass(.seconds(149))
        #expect(link.takeTrace() == [])
        link.pass(.seconds(1))
        #expect(link.takeTrace() == ["→ 183 INVITE", "← PRACK", "→ 200 PRACK"])
        let told = link.take(.platform)
        #expect(told.names == ["progress 183"])
        guard case .callProgress(_, let progress) = told[0] else { return }
        #expect(progress.body == [])
        link.give(.hangUp(outgoing), to: .platform)
        _ = link.takeTrace()
        link.pass(.seconds(600))
        #expect(link.takeTrace() == [])
    }

    @Test("a 180 without a description needs no PRACK unless the caller requires one")
    func required() throws {
        let call = try ring([.require: "100rel"])
        answer(call, 180)
        #expect(link.takeTrace() == ["← INVITE", "→ 180 INVITE", "← PRACK", "→ 200 PRACK"])
    }

    @Test("a caller that does not know reliable responses gets early media unreliably")
    func unreliable() throws {
        let call = try ring([.supported: "timer"])
        answer(call, 183, body: [2])
        answer(call, 200, body: [2])
        let told = link.take(.platform)
        #expect(told.names == ["progress 183", "answered 200"])
        guard case .callProgress(_, let progress) = told[0] else { return }
        #expect(progress.body == [2])
        #expect(link.takeTrace() == ["← INVITE", "→ 183 INVITE", "→ 200 INVITE", "← ACK"])
    }

    @Test("a reliable response is sent again, at doubled intervals, until its PRACK comes; a 2xx waits with it (§3)")
    func withheld() throws {
        let call = try ring()
        link.isHeld = true
        answer(call, 183, body: [2])
        answer(call, 200, body: [])
        answer(call, 200, body: [])
        #expect(link.diagnostics == [.answerTooLate])
        link.lose()
        link.pass(.milliseconds(7500))
        link.lose()
        #expect(
            link.takeTrace()
                == ["← INVITE", "→ 183 INVITE", "→ 183 INVITE", "→ 183 INVITE", "→ 183 INVITE", "→ 183 INVITE"])
        link.pass(.seconds(8))
        link.release()
        #expect(link.takeTrace() == ["→ 183 INVITE", "← PRACK", "→ 200 PRACK", "→ 200 INVITE", "← ACK"])
        #expect(link.take(.platform).names == ["progress 183", "answered 200"])
    }

    @Test("one reliable response at a time: the next waits for the PRACK of the first (§3)")
    func oneAtATime() throws {
        let call = try ring([.require: "100rel"])
        link.isHeld = true
        answer(call, 180)
        answer(call, 183, body: [2])
        answer(call, 200)
        #expect(link.takeTrace() == ["← INVITE", "→ 180 INVITE"])
        link.release()
        #expect(
            link.takeTrace() == [
                "← PRACK", "→ 200 PRACK", "→ 183 INVITE", "← PRACK", "→ 200 PRACK", "→ 200 INVITE", "← ACK",
            ])
        #expect(link.take(.platform).names == ["progress 180", "progress 183", "answered 200"])
    }

    @Test("a 2xx need not wait for a 180 without a description; the PRACK is still answered (§3)")
    func successBeforePRACK() throws {
        let call = try ring([.require: "100rel"])
        link.isHeld = true
        answer(call, 180)
        answer(call, 200, body: [2])
        link.release()
        #expect(
            link.takeTrace() == ["← INVITE", "→ 180 INVITE", "→ 200 INVITE", "← PRACK", "← ACK", "→ 200 PRACK"])
        #expect(link.take(.platform).names == ["progress 180", "answered 200"])
    }

    @Test("a refusal does not wait (§3)")
    func refused() throws {
        let call = try ring()
        link.isHeld = true
        answer(call, 183, body: [2])
        answer(call, 486)
        link.release()
        #expect(link.takeTrace() == ["← INVITE", "→ 183 INVITE", "→ 486 INVITE", "← PRACK", "← ACK", "→ 481 PRACK"])
        #expect(link.take(.platform).names == ["progress 183", "ended 486"])
        #expect(link.take(.agent).names == ["ended hungUp"])
    }

    @Test("without a PRACK the INVITE is refused with 504 after 64·T1 (§3)")
    func neverAcknowledged() throws {
        let call = try ring()
        link.pass(.milliseconds(200))
        link.isHeld = true
        answer(call, 183, body: [2])
        link.lose()
        link.pass(.milliseconds(31_900))
        link.lose()
        link.pass(.milliseconds(100))
        link.release()
        #expect(link.take(.agent) == [.callEnded(call, .timedOut)])
        #expect(link.take(.platform).names == ["ended 504"])
    }

    @Test("a PRACK of something else is refused with 481 (§3)")
    func unknownPRACK() throws {
        let call = try ring()
        link.isHeld = true
        answer(call, 183, body: [2])
        link.release()
        let prack = try #require(link.agents[.platform]?.dialogs.values.first)
        var dialog = prack.dialog
        var request = dialog.request(.prack, headers: [.rAck: "1 1 INVITE"])
        request.via = [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bKother"])]
        _ = link.takeTrace()
        link.isHeld = true
        link.deliver(request.bytes, to: .agent)
        #expect(link.takeTrace() == ["→ 481 PRACK"])
    }

    @Test("out of order or again, a reliable response is dropped (§4)")
    func order() throws {
        link.isHeld = true
        link.give(.invite(outgoing, target: link.contact, headers: sdp, body: [1]), to: .platform)
        guard case .request(let invite) = try #require(link.takeWire().first) else { return }
        func answer(_ number: Int, _ tag: String = "B") {
            let headers: Headers = [.require: "100rel", .rSeq: String(number), .contact: "<sip:b@f.invalid>"]
            link.deliver(Response(to: invite, status: 183, tag: tag, headers: headers).bytes, to: .platform)
        }
        for number in [7, 7, 9, 8, 6, 10, 9] { answer(number) }
        answer(100, "other")
        let acknowledged = link.takeWire().compactMap { message -> String? in
            if case .request(let request) = message { request.headers[.rAck] } else { nil }
        }
        #expect(acknowledged == ["7 1 INVITE", "8 1 INVITE", "9 1 INVITE", "100 1 INVITE"])
        #expect(link.take(.platform).count == 4)
    }

    @Test("an INVITE without an offer: the 183 makes it, the PRACK answers it (RFC 3261 §13.2.1, RFC 3262 §5)")
    func offerInProgress() throws {
        let call = try ring([:], body: [])
        answer(call, 183, body: [2])
        let offered = link.take(.platform)
        #expect(offered.names == ["offered 183"])
        guard case .callOffered(_, let token, let response) = offered[0] else { return }
        #expect(response.body == [2])
        #expect(link.takeTrace() == ["← INVITE", "→ 183 INVITE"])
        link.give(.respond(token, status: 200, headers: sdp, body: [3]), to: .platform)
        let told = link.take(.agent)
        #expect(told.names == ["progressConfirmed"])
        guard case .callProgressConfirmed(_, let prack) = told[0] else { return }
        #expect(prack.body == [3])
        answer(call, 200)
        #expect(link.take(.platform).names == ["progress 183", "answered 200"])
        #expect(link.takeTrace() == ["← PRACK", "→ 200 PRACK", "→ 200 INVITE", "← ACK"])
    }

    @Test("an offer in a PRACK is the owner's to answer in the 200 (RFC 3262 §5)")
    func offerInPRACK() throws {
        let call = try ring()
        link.isHeld = true
        answer(call, 183, body: [2])
        guard case .response(let progress) = try #require(link.takeWire().first),
            var dialog = link.agents[.platform]?.dialogs.values.first?.dialog
                ?? (try? Dialog(request: try #require(invite), response: progress))
        else { return }
        let number = try #require(progress.reliableNumber)
        var prack = dialog.request(
            .prack, headers: [.rAck: "\(number) 1 INVITE", .contentType: "application/sdp"], body: [3])
        prack.via = [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bKprack"])]
        link.deliver(prack.bytes, to: .agent)
        let told = link.take(.agent)
        #expect(told.names == ["callUpdate PRACK"])
        guard case .callUpdate(_, let token, _) = told[0] else { return }
        link.give(.respond(token, status: 200, headers: sdp, body: [4]), to: .agent)
        guard case .response(let ok) = try #require(link.takeWire().first) else { return }
        #expect((ok.status, ok.body) == (200, [4]))
    }

    private var invite: Request? {
        link.agents[.platform]?.inviteClients.values.first?.transaction.request
    }

    @Test("UPDATE changes the session before the call is answered, both ways (RFC 3311 §5)")
    func earlyUpdate() throws {
        let call = try ring()
        link.give(.sendInCall(call, RequestID(1), .update, headers: sdp, body: [9]), to: .agent)
        #expect(link.take(.agent).names == ["failed 1 refused"])
        answer(call, 183, body: [2])
        _ = (link.take(.agent), link.take(.platform))
        link.give(.sendInCall(call, RequestID(2), .update, headers: sdp, body: [3]), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: 200, headers: sdp, body: [4]), to: .platform)
        #expect(link.take(.agent).names == ["response 2 200"])
        link.give(.sendInCall(outgoing, RequestID(3), .update, headers: sdp, body: [5]), to: .platform)
        link.give(.respond(try link.takeRequest(.agent).token, status: 200, headers: sdp, body: [6]), to: .agent)
        #expect(link.take(.platform).names == ["response 3 200"])
        answer(call, 200)
        #expect(link.take(.platform).names == ["answered 200"])
    }

    @Test(
        "an UPDATE with an offer before the first is answered meets it: 500, or 491 on the caller's side (RFC 3311 §5.2)"
    )
    func tooEarly() throws {
        _ = try ring()
        let invite = try #require(invite)
        var dialog = try Dialog(
            request: invite,
            response: Response(
                to: invite, status: 180, tag: link.agents[.agent]?.dialogs.keys.first?.localTag, headers: [:]))
        var update = dialog.request(.update, headers: sdp, body: [3])
        update.via = [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bKearly"])]
        _ = link.takeTrace()
        link.isHeld = true
        link.deliver(update.bytes, to: .agent)
        #expect(link.takeTrace() == ["→ 500 UPDATE"])
    }

    @Test("the loss of the connection ends it all")
    func connectionLost() throws {
        let call = try ring()
        link.isHeld = true
        answer(call, 183, body: [2])
        answer(call, 200)
        link.disconnect()
        #expect(link.take(.agent) == [.callEnded(call, .transport)])
        link.pass(.seconds(64))
        #expect(link.takeTrace() == ["← INVITE", "→ 183 INVITE"])
        #expect(link.agents[.agent]?.deadline == nil)
    }
}
