import SIP
import Wire

extension Target {
    static let sip = [
        Target(name: "sip-message", words: Words.sip, seeds: { SIPStory.told.messages }, check: checkMessage),
        Target(
            name: "sip-values", words: Words.sip,
            seeds: {
                [
                    "sip:alice:secret@[2001:db8::1]:5060;transport=ws;lr?subject=x", "tel:+1-201-555-0123",
                    "\"A. \\\"G.\\\" Bell\" <sip:a@b.invalid;ob>;tag=1;q=0.7, sips:c@d", "4711 INVITE",
                    "SIP / 2.0 / WSS a.invalid:80;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP b",
                ].map { Array($0.utf8) }
            }, check: checkValues),
        Target(
            name: "sip-multipart", words: Words.sip + Words.multipart,
            seeds: {
                [
                    Fodder.joined(
                        [
                            "multipart/mixed;boundary=\"a b\"",
                            "--a b\r\nContent-Type: multipart/alternative;boundary=c\r\n\r\n--c\r\n\r\n1\r\n--c--\r\n"
                                + "--a b\r\nContent-Disposition: x;handling=optional\r\n\r\n2\r\n--a b--\r\n",
                        ].map { Array($0.utf8) })
                ]
            }, check: checkMultipart),
        Target(
            name: "sip-digest", words: Words.digest,
            seeds: {
                [
                    "Digest realm=\"a.example\", nonce=\"n\", opaque=\"o\", stale=true, algorithm=SHA-256, qop=\"auth,auth-int\"",
                    "Digest username=\"u\\\"v\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\", algorithm=MD5, "
                        + "qop=auth, nc=00000001, cnonce=\"c\"",
                ].map { Array($0.utf8) }
            }, check: checkDigest),
        Target(
            name: "sip-registrar", words: Words.sip + Words.digest + Words.registration,
            seeds: { [Fodder.joined(SIPStory.told.messages.filter { $0.starts(with: "REGISTER".utf8) })] },
            check: checkRegistrar),
        Target(name: "sip-agent", words: Words.sip + Words.owner, seeds: { SIPStory.told.seeds }, check: checkAgent),
    ]

    private static func checkMessage(_ bytes: [UInt8]) {
        do throws(UnreadableMessage) {
            switch try Message(bytes.span) {
            case .request(let request):
                expectStable(Message.request(request), String(decoding: request.bytes, as: UTF8.self)) {
                    try Message(request.bytes.span)
                }
            case .response(let response):
                expectStable(Message.response(response), String(decoding: response.bytes, as: UTF8.self)) {
                    try Message(response.bytes.span)
                }
            }
        } catch {
            guard let reply = error.reply else { return }
            expect(String(decoding: reply, as: UTF8.self).hasPrefix("SIP/2.0 "), "a refusal is a response")
        }
    }

    private static func checkValues(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let uri = try? URI(parsing: text) {
            expectStable(uri, uri) { try URI(parsing: uri.description) }
            expect(uri.isEquivalent(to: uri), "a URI is equivalent to itself")
        }
        if let addresses = try? NameAddress.list(parsing: text) {
            let written = addresses.map(\.description).joined(separator: ", ")
            expectStable(addresses, written) { try NameAddress.list(parsing: written) }
            addresses.forEach(checkChanges)
        }
        if let vias = try? Via.list(parsing: text) {
            let written = vias.map(\.description).joined(separator: ", ")
            expectStable(vias, written) { try Via.list(parsing: written) }
        }
        if let sequence = try? CSeq(parsing: text) {
            expectStable(sequence, sequence) { try CSeq(parsing: sequence.description) }
        }
    }

    /// A parameter that is set is there, and the address is read as what it was changed into.
    private static func checkChanges(of address: NameAddress) {
        var changed = address
        changed.tag = "a \"b\""
        expect(changed.tag == "a \"b\"", "what is set is there")
        expectStable(changed, changed) { try NameAddress(parsing: changed.description) }
        expect(changed.uri == address.uri, "a parameter changes nothing else")
        expect(changed.displayName == address.displayName, "a parameter changes nothing else")
        var target = address.uri
        target.headers = nil
        target.parameters["method"] = nil
        expectStable(target, target) { try URI(parsing: target.description) }
        let anew = NameAddress(address.uri, displayName: address.displayName, parameters: address.parameters)
        expect(anew == address, "an address put together again is the same")
    }

    private static func checkMultipart(_ bytes: [UInt8]) {
        let records = Fodder.records(of: bytes)
        let body = Fodder.joined(Array(records.dropFirst()))
        let type = String(decoding: records.first ?? [], as: UTF8.self)
        guard let parts = try? BodyPart([.contentType: type], body).parts() else { return }
        expect(parts.map(\.bytes.count).reduce(0, +) <= body.count, "parts are no longer than the whole")
        expect(parts.allSatisfy { !$0.mediaType.hasPrefix("multipart/") }, "parts are no multiparts")
        _ = parts.map(\.isOptional)
    }

    private static func checkDigest(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let challenge = try? DigestChallenge(parsing: text) {
            expectStable(challenge, challenge) { try DigestChallenge(parsing: challenge.description) }
            let answer = DigestCredentials(
                to: challenge, username: "u", password: Redacted("p"), method: .register, uri: "sip:a",
                count: 1, clientNonce: "c")
            expect(
                answer.verify(username: "u", password: Redacted("p"), method: .register),
                "an answer fits its challenge")
        }
        if let credentials = try? DigestCredentials(parsing: text) {
            expectStable(credentials, credentials) { try DigestCredentials(parsing: credentials.description) }
            _ = credentials.verify(username: "u", password: Redacted("p"), method: .invite)
        }
    }

    /// Each record is a request to a registrar, that of a minute.
    private static func checkRegistrar(_ bytes: [UInt8]) {
        var registrar = Registrar()
        var verifier = DigestVerifier(configuration: .init(realm: "example.com"), randomness: .seeded(1))
        for (minute, record) in Fodder.records(of: bytes).prefix(32).enumerated() {
            guard case .request(let request)? = try? Message(record.span) else { continue }
            let now = Instant(nanoseconds: 0) + .seconds(60 * minute)
            _ = verifier.check(request, username: "u", password: Redacted("p"), at: now)
            let outcome = registrar.register(request, over: Registrar.Flow(UInt64(minute)), at: now)
            expect([200, 400, 403, 423, 500, 503].contains(outcome.status), "an answer is one of the registrar's")
            expect(registrar.bindings(of: request.to.uri).count <= 8, "bindings are bounded")
            _ = registrar.deadlineReached(at: now)
            expect(registrar.deadline.map { $0 > now } ?? true, "what has expired is gone")
        }
    }

    /// The first byte says where in the story the agent stands; records are messages, or what its owner does.
    private static func checkAgent(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        var run = AgentRun(from: SIPStory.told.stages[Int(first) % SIPStory.told.stages.count])
        for record in Fodder.records(of: Array(bytes.dropFirst())).prefix(32) {
            run.take(record)
        }
        run.finish()
    }
}

/// A user agent, its owner, and what must hold of everything they say.
private struct AgentRun {
    private var agent: UserAgent
    private var now: Instant
    private var calls: [CallHandle] = []
    private var requests: [RequestToken] = []
    private var ended: Set<CallHandle> = []

    init(from stage: SIPStory.Stage) {
        (agent, now) = (stage.agent, stage.now)
    }

    mutating func take(_ record: [UInt8]) {
        guard record.first == UInt8(ascii: "@") else {
            perform(agent.receive(record.span, at: now))
            return
        }
        let words = String(decoding: record.dropFirst(), as: UTF8.self).split(separator: " ")
        let number = words.count > 1 ? Int(words[1]) ?? 0 : 0
        switch words.first {
        case "answer": if let call = calls.last { give(.answer(call, status: 100 + number % 600)) }
        case "respond": if let token = requests.last { give(.respond(token, status: 100 + number % 600)) }
        case "hangup": give(.hangUp(calls.last ?? .outgoing(1)))
        case "invite": give(.invite(.outgoing(UInt64(number % 8)), target: SIPStory.platform, body: [1]))
        case "early": if let call = calls.last { give(.answer(call, status: 183, headers: SIPStory.sdp, body: [3])) }
        case "accept":
            if let token = requests.last { give(.respond(token, status: 200, headers: SIPStory.sdp, body: [4])) }
        case "update":
            give(.sendInCall(calls.last ?? .outgoing(1), RequestID(3), .update, headers: SIPStory.sdp, body: [5]))
        case "refer": give(.sendInCall(calls.last ?? .outgoing(1), RequestID(4), .refer, headers: SIPStory.carol))
        case "news": if let token = requests.last { give(.notifyReferral(token, status: 100 + number % 600)) }
        case "info": give(.sendInCall(calls.last ?? .outgoing(1), RequestID(1), .info))
        case "reinvite":
            give(.sendInCall(calls.last ?? .outgoing(1), RequestID(2), .invite, headers: SIPStory.sdp, body: [2]))
        case "register": give(.register(expires: .seconds(number % 4_000)))
        case "unregister": give(.unregister)
        case "lost": give(.transportFailed)
        case "up": give(.transportConnected)
        default: pass(.milliseconds(number % 100_000))
        }
    }

    /// Whatever was said, within ten minutes every call that did not come to be has ended, and time still passes.
    mutating func finish() {
        pass(.seconds(600))
    }

    private mutating func give(_ input: UserAgent.Input) {
        perform(agent.handle(input, at: now))
    }

    private mutating func pass(_ duration: Duration) {
        let end = now + duration
        var steps = 0
        while let deadline = agent.deadline, deadline <= end {
            now = max(now, deadline)
            give(.deadlineReached)
            steps += 1
            expect(steps < 20_000, "deadlines move forward")
        }
        now = end
    }

    private mutating func perform(_ outputs: [UserAgent.Output]) {
        for output in outputs {
            switch output {
            case .transmit(let bytes):
                expectReadable(bytes)
            case .incomingCall(let call, _), .incomingReplacement(let call, of: _, _): calls.append(call)
            case .callOffered(_, let token, _): requests.append(token)
            case .request(let token, _), .callRequest(_, let token, _), .callUpdate(_, let token, _):
                requests.append(token)
            case .callEnded(let call, .refused): _ = call
            case .callEnded(let call, _):
                if case .incoming = call { expect(ended.insert(call).inserted, "a call ends once") }
            default: break
            }
        }
    }

    /// Excepted are answers to what could not be read, which repeat it as it stands, and targets of foreign schemes.
    private func expectReadable(_ bytes: [UInt8]) {
        do throws(UnreadableMessage) {
            _ = try Message(bytes.span)
        } catch {
            let text = String(decoding: bytes, as: UTF8.self)
            let isRefusal = text.hasPrefix("SIP/2.0 4") || text.hasPrefix("SIP/2.0 5")
            expect(isRefusal || error.reason == .scheme, "what is sent can be read")
        }
    }
}

private enum Words {
    static let sip = [
        "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY",
        "MESSAGE", "SIP/2.0", "200 OK",
        "401 Unauthorized", "481", "100 Trying", "183", "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "Contact: ",
        "Max-Forwards: ", "Content-Length: ", "Content-Type: application/sdp", "Record-Route: ", "Route: ",
        "WWW-Authenticate: ", "Require: ", "Expires: ", "Min-Expires: ", "Retry-After: ", "RSeq: 1",
        "RAck: 1 1 INVITE", "Require: 100rel", "Supported: 100rel, timer, replaces",
        "Session-Expires: 90;refresher=uac",
        "Min-SE: 90", "Replaces: ", ";to-tag=", ";from-tag=", "Refer-To: ", "Event: refer;id=2",
        "Subscription-State: terminated", "SIP/2.0 200 OK", "Info-Package: dtmf", "Recv-Info: dtmf", "branch=z9hG4bK",
        ";tag=",
        ";expires=", ";lr", "sip:", "sips:", "\r\n", "\r\n\r\n", "\r\n ", "<sip:a@b>", "\u{1E}",
    ]
    static let multipart = [
        "--a b", "--a b--", "--c", "--c--", "multipart/mixed;boundary=c", "Content-Type: multipart/mixed;boundary=c",
        "Content-Disposition: ", ";handling=optional",
    ]
    static let owner = [
        "\u{1E}@answer 100", "\u{1E}@answer 386", "\u{1E}@respond 100", "\u{1E}@hangup", "\u{1E}@invite 3",
        "\u{1E}@info", "\u{1E}@reinvite", "\u{1E}@early", "\u{1E}@accept", "\u{1E}@update", "\u{1E}@refer",
        "\u{1E}@news 100", "\u{1E}@register 600", "\u{1E}@unregister", "\u{1E}@lost", "\u{1E}@up",
        "\u{1E}@wait 500", "\u{1E}@wait 33000",
    ]
    static let registration = [
        "REGISTER", "\r\nContact: ", "\r\nExpires: ", ";expires=", ";q=0.5", ";reg-id=",
        ";+sip.instance=\"<urn:uuid:1>\"",
        "\r\nContact: *", "\r\nPath: <sip:p;lr;ob>", "\r\nSupported: path, outbound", "\r\nAuthorization: Digest ",
    ]
    static let digest = [
        "Digest ", "username=", "realm=", "nonce=", "uri=", "response=", "algorithm=", "MD5", "SHA-256", "opaque=",
        "stale=true", "qop=auth", "\"auth,auth-int\"", "nc=00000001", "cnonce=", "\\\"", ", ",
        "SHA-512-256-sess", "qop=auth-int", "userhash=true", "username*=UTF-8''%C3%A4", "nextnonce=",
    ]
}
