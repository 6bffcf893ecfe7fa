import Testing
import Wire

@testable import SIP

@Suite("A user agent registers and sends messages")
struct RegisteringTests {
    private let link = VirtualLink()

    /// The registrar: challenges what has no good credentials.
    private func serve(nonce: String = "n1", password: Redacted<String> = VirtualLink.password) throws {
        let (token, request) = try link.takeRequest(.platform)
        let challenge = DigestChallenge(realm: "example.com", nonce: nonce, algorithm: .sha256)
        let credentials = try request.headers[.authorization].map { try DigestCredentials(parsing: $0) }
        guard let credentials, credentials.nonce == nonce,
            credentials.verify(username: VirtualLink.user, password: password, method: request.method)
        else {
            link.give(.respond(token, status: 401, headers: [.wwwAuthenticate: challenge.description]), to: .platform)
            return
        }
        #expect(credentials.username == VirtualLink.user)
        let contact = try #require(request.contacts.first)
        link.give(
            .respond(token, status: 200, headers: [.contact: "\(contact);expires=\(request.headers[.expires] ?? "")"]),
            to: .platform)
    }

    private func register() throws {
        link.give(.register(expires: .seconds(600)), to: .agent)
        try serve()
        try serve()
    }

    @Test("REGISTER, 401, REGISTER with credentials, 200 (RFC 3261 §22.2, RFC 3665 §2.1)")
    func digest() throws {
        try register()
        #expect(link.takeTrace() == ["→ REGISTER", "← 401 REGISTER", "→ REGISTER", "← 200 REGISTER"])
        #expect(link.take(.agent) == [.registration(.registering), .registration(.registered(until: .at(600)))])
    }

    @Test("a refresh keeps Call-ID, counts on and answers the known challenge beforehand (RFC 3261 §10.2.4)")
    func refresh() throws {
        link.give(.register(expires: .seconds(600)), to: .agent)
        let first = try link.takeRequest(.platform)
        link.give(
            .respond(
                first.token, status: 401,
                headers: [.wwwAuthenticate: DigestChallenge(realm: "r", nonce: "n1", algorithm: .sha256).description]),
            to: .platform)
        try serve()
        _ = (link.takeTrace(), link.take(.agent))
        link.pass(.seconds(450))
        let again = try link.takeRequest(.platform)
        #expect(again.request.callID == first.request.callID)
        #expect(again.request.cSeq.number == first.request.cSeq.number + 2)
        let credentials = try DigestCredentials(parsing: try #require(again.request.headers[.authorization]))
        #expect(credentials.use?.count == 2)
        link.give(.respond(again.token, status: 200), to: .platform)
        #expect(link.takeTrace() == ["→ REGISTER", "← 200 REGISTER"])
        #expect(
            link.take(.agent) == [
                .registration(.refreshing(until: .at(600))), .registration(.registered(until: .at(1050))),
            ])
    }

    @Test("a wrong password is told after one try")
    func wrongPassword() throws {
        link.give(.register(expires: .seconds(600)), to: .agent)
        try serve(nonce: "n1")
        try serve(nonce: "n2")
        #expect(link.takeTrace() == ["→ REGISTER", "← 401 REGISTER", "→ REGISTER", "← 401 REGISTER"])
        #expect(
            link.take(.agent) == [
                .registration(.registering),
                .registration(
                    .failed(.rejected(status: 401, reason: "Unauthorized"), until: nil, retry: nil)),
            ])
    }

    @Test("a redirected REGISTER goes to the other registrar, the next refresh to the first one")
    func redirected() throws {
        link.give(.register(expires: .seconds(600)), to: .agent)
        let first = try link.takeRequest(.platform)
        link.give(.respond(first.token, status: 302, headers: [.contact: "<sip:r2.example.com>"]), to: .platform)
        try serve()
        let last = try link.takeRequest(.platform)
        #expect(last.request.target == URI(host: "r2.example.com"))
        #expect(last.request.to.uri.host == "example.com")
        #expect(last.request.callID == first.request.callID)
        link.give(.respond(last.token, status: 200), to: .platform)
        #expect(link.take(.agent) == [.registration(.registering), .registration(.registered(until: .at(600)))])
        link.pass(.seconds(450))
        #expect(try link.takeRequest(.platform).request.target == URI(host: "example.com"))
    }

    @Test("an instance id makes the contact one of outbound (RFC 5626 §4.2)")
    func outbound() throws {
        let link = VirtualLink { $0.instanceID = "urn:uuid:00000000-0000-1000-8000-000A95A0E128" }
        link.give(.register(expires: .seconds(60)), to: .agent)
        let request = try link.takeRequest(.platform).request
        let contact = try #require(request.contacts.first)
        #expect(contact.uri == link.contact)
        #expect(contact.parameters["+sip.instance"] == "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>")
        #expect(contact.parameters["reg-id"] == "1")
        #expect(request.headers.list(.supported) == ["path", "gruu", "outbound"])
        #expect(request.target.description == "sip:example.com")
        #expect(request.via.first?.transport == "WSS")
        #expect(request.via.first?.host.hasSuffix(".invalid") == true)
    }

    /// Registers an agent with outbound at a registrar that grants what it is asked for, and more.
    private func registerOutbound(_ granted: Headers) throws -> VirtualLink {
        let link = VirtualLink { $0.instanceID = "urn:uuid:00000000-0000-1000-8000-000A95A0E128" }
        link.give(.register(expires: .seconds(600)), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: 200, headers: granted), to: .platform)
        _ = (link.take(.agent), link.takeTrace())
        return link
    }

    @Test("a GRUU that was granted is the Contact of what makes or changes a dialog (RFC 5627 §4.4)")
    func gruu() throws {
        let gruu = "sip:1006_00010078@example.com;gr=urn:uuid:f81d4fae"
        let link = try registerOutbound([
            .contact: #"<sip:other@x.invalid>;+sip.instance="<urn:uuid:1>";pub-gruu="sip:other@example.com;gr=1", "#
                + #"<sip:z@y.invalid>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";expires=60"#
                + #";pub-gruu="\#(gruu)";temp-gruu="sip:tgruu.7hs==@example.com;gr""#
        ])
        link.give(.invite(.outgoing(1), target: VirtualLink.platformURI), to: .agent)
        guard case .incomingCall(_, let invite)? = link.take(.platform).first else { throw Malformed.startLine }
        #expect(invite.headers[.contact] == "<\(gruu)>")
        #expect(link.takeTrace().first == "→ INVITE")
        link.pass(.seconds(30))
        let refresh = try link.takeRequest(.platform).request
        #expect(refresh.contacts.first?.uri == link.contact)
    }

    @Test("on a flow that the registrar keeps to, the Contact of an INVITE says ob (RFC 5626 §4.3)")
    func outboundContact() throws {
        let link = try registerOutbound([.require: "outbound", .flowTimer: "60"])
        link.give(.invite(.outgoing(1), target: VirtualLink.platformURI), to: .agent)
        guard case .incomingCall(_, let invite)? = link.take(.platform).first else { throw Malformed.startLine }
        #expect(invite.contacts.first?.uri.parameters.contains("ob") == true)
    }

    @Test("a ping is answered by a pong, which keeps a flow (RFC 5626 §3.5.1, RFC 7118 §6)")
    func keepAlive() throws {
        let link = try registerOutbound([.flowTimer: "100"])
        link.pass(.seconds(100))
        #expect(link.takeTrace() == ["→ ?", "← ?"])
        link.pass(.seconds(100))
        #expect(link.takeTrace() == ["→ ?", "← ?"])
        #expect(link.take(.agent) == [])
    }

    @Test("Service-Route is the way of requests outside a dialog, until the registration ends (RFC 3608 §5)")
    func serviceRoute() throws {
        let link = try registerOutbound([.serviceRoute: "<sip:p2.example.com;lr>, <sip:home.example.com;lr>"])
        func routeOfMessage() throws -> [String] {
            link.give(.send(RequestID(1), .message, target: VirtualLink.platformURI), to: .agent)
            let (token, request) = try link.takeRequest(.platform)
            link.give(.respond(token, status: 200), to: .platform)
            return request.headers.all(.route)
        }
        #expect(try routeOfMessage() == ["<sip:p2.example.com;lr>", "<sip:home.example.com;lr>"])
        link.give(.unregister, to: .agent)
        let farewell = try link.takeRequest(.platform)
        #expect(farewell.request.headers.all(.route) == [])
        link.give(.respond(farewell.token, status: 200), to: .platform)
        #expect(try routeOfMessage() == [])
    }

    @Test("a dead registrar is told after 64·T1, and a lost connection at once")
    func dead() {
        link.isHeld = true
        link.give(.register(expires: .seconds(600)), to: .agent)
        link.lose()
        link.pass(.seconds(32))
        guard case .registration(.failed(.timedOut, until: nil, retry: _?))? = link.take(.agent).last else {
            Issue.record("not told")
            return
        }
        link.isHeld = true
        link.give(.register(expires: .seconds(600)), to: .agent)
        link.disconnect()
        #expect(
            link.take(.agent) == [
                .registration(.registering), .registration(.failed(.transport, until: nil, retry: nil)),
            ])
        link.isHeld = true
        link.connect()
        #expect(link.take(.agent) == [.registration(.registering)])
    }

    @Test("MESSAGE goes both ways, its answer is the owner's (RFC 3428)")
    func message() throws {
        let headers: Headers = [.contentType: "application/pidf+xml"]
        link.give(
            .send(RequestID(7), .message, target: VirtualLink.platformURI, headers: headers, body: Array("<cc/>".utf8)),
            to: .agent)
        let out = try link.takeRequest(.platform)
        #expect(out.request.text == "<cc/>")
        #expect(out.request.headers[.contentType] == "application/pidf+xml")
        #expect(out.request.headers[.contact] == nil)
        #expect(out.request.from.uri.user == VirtualLink.user)
        link.give(.respond(out.token, status: 200), to: .platform)
        #expect(link.take(.agent).names == ["response 7 200"])

        link.give(.send(RequestID(1), .message, target: link.contact, body: Array("<o/>".utf8)), to: .platform)
        let back = try link.takeRequest(.agent)
        #expect(back.request.text == "<o/>")
        link.give(.respond(back.token, status: 404, reason: "No"), to: .agent)
        guard case .response(RequestID(1), let response) = try #require(link.take(.platform).first) else { return }
        #expect(response.status == 404)
        #expect(response.reason == "No")
        #expect(link.takeTrace() == ["→ MESSAGE", "← 200 MESSAGE", "← MESSAGE", "→ 404 MESSAGE"])
    }

    @Test("a challenged MESSAGE is sent again with credentials (RFC 3261 §22.3)")
    func challengedMessage() throws {
        link.give(.send(RequestID(7), .message, target: VirtualLink.platformURI), to: .agent)
        let first = try link.takeRequest(.platform)
        let challenge = DigestChallenge(realm: "example.com", nonce: "n")
        link.give(
            .respond(first.token, status: 407, headers: [.proxyAuthenticate: challenge.description]), to: .platform)
        let second = try link.takeRequest(.platform)
        #expect(second.request.callID == first.request.callID)
        #expect(second.request.cSeq.number == 2)
        let credentials = try DigestCredentials(parsing: try #require(second.request.headers[.proxyAuthorization]))
        #expect(
            credentials.verify(username: VirtualLink.user, password: VirtualLink.password, method: .message))
        link.give(.respond(second.token, status: 200), to: .platform)
        #expect(link.take(.agent).names == ["response 7 200"])
    }

    @Test("a request without an answer fails after 64·T1, with the connection, and at once without one")
    func failures() {
        link.isHeld = true
        link.give(.send(RequestID(1), .message, target: VirtualLink.platformURI), to: .agent)
        link.lose()
        link.pass(.milliseconds(31_999))
        #expect(link.take(.agent).names == [])
        link.pass(.milliseconds(1))
        #expect(link.take(.agent).names == ["failed 1 timedOut"])
        link.isHeld = true
        link.give(.send(RequestID(2), .message, target: VirtualLink.platformURI), to: .agent)
        link.disconnect()
        link.give(.send(RequestID(3), .message, target: VirtualLink.platformURI), to: .agent)
        #expect(link.take(.agent).names == ["failed 2 transport", "failed 3 transport"])
    }

    @Test("an answer that comes after the connection was lost answers nothing")
    func lateAnswer() throws {
        link.give(.send(RequestID(1), .message, target: link.contact), to: .platform)
        let (token, _) = try link.takeRequest(.agent)
        link.disconnect()
        link.connect()
        link.give(.respond(token, status: 200), to: .agent)
        #expect(link.take(.platform).names == ["failed 1 transport"])
        #expect(link.diagnostics == [.neverAnswered(.message), .answerTooLate])
    }
}
