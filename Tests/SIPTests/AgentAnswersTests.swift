import Testing
import Wire

@testable import SIP

@Suite("What a user agent answers by itself")
struct AgentAnswersTests {
    private let link = VirtualLink()

    private func answer(_ method: Method, to tag: String? = nil, _ headers: Headers = [:]) throws -> Response {
        var agent = try #require(link.agents[.agent])
        var request = Request(
            method, target: link.contact,
            via: [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bK1"])],
            from: NameAddress(VirtualLink.platformURI).tagged("f"), to: NameAddress(link.contact), callID: "c",
            sequence: 1, headers: headers)
        if let tag { request.to.tag = tag }
        let bytes = request.bytes
        let outputs = agent.receive(bytes.span, at: .at(0))
        guard case .transmit(let answer) = try #require(outputs.first), case .response(let response) = try read(answer)
        else { throw Malformed.startLine }
        return response
    }

    @Test("OPTIONS is answered with what it can (RFC 3261 §11.2)")
    func options() throws {
        let response = try answer(.options)
        #expect(response.status == 200)
        #expect(
            response.headers.list(.allow) == [
                "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "NOTIFY", "PRACK", "MESSAGE",
            ])
        #expect(response.headers[.accept] == "application/sdp")
        #expect(response.to.tag != nil)
    }

    @Test(
        "a method that is not for it is refused (RFC 3261 §8.2.1)",
        arguments: [(Method.register, 405), (.subscribe, 405), (.publish, 405), ("NEWMETHOD", 501)])
    func methods(_ method: Method, status: Int) throws {
        let response = try answer(method)
        #expect(response.status == status)
        #expect(response.headers[.allow] != nil)
    }

    @Test(
        "a request of a dialog that is not there is refused with 481 (RFC 3261 §12.2.2, §15.1.2, §9.2)",
        arguments: [Method.bye, .info, .update, .invite, .cancel, .message])
    func noDialog(_ method: Method) throws {
        #expect(try answer(method, to: "unknown").status == 481)
    }

    @Test("a request of a dialog without the tag of one is refused too", arguments: [Method.bye, .info, .update])
    func noTag(_ method: Method) throws {
        #expect(try answer(method).status == 481)
    }

    @Test("an extension that is required but not had is named (RFC 3261 §8.2.2.3), without regard to case (§7.3.1)")
    func required() throws {
        let response = try answer(.message, [.require: "100Rel, foo, TIMER, bar"])
        #expect(response.status == 420)
        #expect(response.headers.list(.unsupported) == ["foo", "bar"])
    }

    @Test("an ACK that belongs to nothing is dropped")
    func strayACK() {
        let ack = Request(
            .ack, target: link.contact, via: [Via(transport: "WSS", host: "p.invalid")],
            from: NameAddress(VirtualLink.platformURI).tagged("f"), to: NameAddress(link.contact).tagged("t"),
            callID: "c", sequence: 1)
        link.deliver(ack.bytes, to: .agent)
        #expect(link.takeTrace() == [])
        #expect(link.take(.agent) == [])
    }

    @Test("line ends alone are no message: two are a ping, to be answered by one (RFC 5626 §3.5.1)")
    func keepAlive() {
        link.deliver(Array("\r\n".utf8), to: .agent)
        #expect(link.takeTrace() == [])
        link.deliver(Array("\r\n\r\n".utf8), to: .agent)
        #expect(link.takeTrace() == ["→ ?"])
        #expect(link.diagnostics == [])
    }

    @Test("the same INVITE by another way is refused with 482 (RFC 3261 §8.2.2.2)")
    func merged() throws {
        link.give(.invite(.outgoing(1), target: link.contact), to: .platform)
        guard case .incomingCall(_, var invite) = try #require(link.take(.agent).first) else { return }
        invite.via[0].parameters["branch"] = "z9hG4bKother"
        link.deliver(invite.bytes, to: .agent)
        #expect(link.takeTrace() == ["← INVITE", "→ 482 INVITE"])
    }

    @Test("a response to nothing, or with a second Via, is told to the log only (RFC 3261 §8.1.3.3)")
    func strayResponse() throws {
        let response = try answer(.options)
        link.deliver(response.bytes, to: .agent)
        #expect(link.diagnostics == [.strayResponse(status: 200, .options)])
        #expect(link.take(.agent) == [])
    }

    @Test("no more calls and requests are taken than it can hold")
    func limits() throws {
        for number in 1...70 { link.give(.invite(.outgoing(UInt64(number)), target: link.contact), to: .platform) }
        #expect(link.take(.agent).count == 64)
        #expect(link.take(.platform).names == Array(repeating: "ended refused", count: 6))
        for number in 1...600 {
            link.give(.send(RequestID(UInt64(number)), .message, target: link.contact), to: .platform)
        }
        #expect(link.take(.agent).count == 512 - 64)
        #expect(link.take(.platform).names.suffix(1) == ["failed 600 refused"])
        link.pass(.seconds(33))
        #expect(link.agents[.agent]?.servers.isEmpty == true)
        #expect(link.agents[.agent]?.tokens.isEmpty == true)
    }

    @Test("nothing is left behind when everything is over")
    func clean() throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .info), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: 200), to: .platform)
        link.give(.hangUp(incoming), to: .agent)
        link.pass(.seconds(64))
        for agent in link.agents.values {
            #expect(agent.deadline == nil)
            #expect(agent.clients.isEmpty && agent.inviteClients.isEmpty)
            #expect(agent.servers.isEmpty && agent.inviteServers.isEmpty)
            #expect(agent.calls.isEmpty && agent.dialogs.isEmpty && agent.tokens.isEmpty)
        }
    }

    @Test("messages with bytes changed do no harm in the middle of a call")
    func mutilated() throws {
        let (incoming, outgoing) = try link.call()
        let templates = try [
            link.agents[.platform]?.inviteClients.values.first?.transaction.request.bytes,
            link.agents[.agent]?.inviteServers.values.first?.transaction.request.bytes,
        ].map { try #require($0) }
        var randomness = Randomness.seeded(3)
        for _ in 0..<3000 {
            var bytes = templates[Int.random(in: templates.indices, using: &randomness)]
            for _ in 0..<Int.random(in: 1...4, using: &randomness) {
                bytes[Int.random(in: bytes.indices, using: &randomness)] = UInt8.random(in: 0...127, using: &randomness)
            }
            link.isHeld = true
            link.deliver(bytes, to: .agent)
            link.lose()
        }
        link.isHeld = false
        link.give(.hangUp(incoming), to: .agent)
        #expect(link.take(.platform).contains { if case .callEnded(outgoing, .bye) = $0 { true } else { false } })
    }
}
