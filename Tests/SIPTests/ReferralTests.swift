import Testing
import Wire

@testable import SIP

@Suite("REFER and the news of it (RFC 3515)")
struct ReferralTests {
    private let link = VirtualLink { $0.accepted.insert(.refer) }
    private let outgoing = CallHandle.outgoing(1)
    private let target: Headers = ["Refer-To": "<sip:carol@example.com>", "Referred-By": "<sip:bob@example.com>"]

    /// The platform asks the agent to call someone else.
    private func refer(_ headers: Headers? = nil) throws -> RequestToken {
        link.give(.sendInCall(outgoing, RequestID(1), .refer, headers: headers ?? target), to: .platform)
        let (token, request) = try link.takeRequest(.agent)
        #expect(request.referTo?.uri.description == "sip:carol@example.com")
        #expect(request.referredBy?.uri.description == "sip:bob@example.com")
        return token
    }

    @Test("a REFER that is accepted: 202, news at once, then as it goes, the final one last (§2.4.4, §4.1)")
    func accepted() throws {
        _ = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        link.give(.notifyReferral(token, status: 180), to: .agent)
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(
            link.take(.platform).names == [
                "response 1 202", "referral 1 100", "referral 1 180", "referral 1 200", "referralEnded 1",
            ])
        #expect(
            link.takeTrace() == [
                "← REFER", "→ 202 REFER", "→ NOTIFY", "← 200 NOTIFY", "→ NOTIFY", "← 200 NOTIFY", "→ NOTIFY",
                "← 200 NOTIFY",
            ])
        #expect(link.take(.agent) == [])
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(link.diagnostics == [.answerTooLate])
        #expect(link.agents.values.allSatisfy { $0.referrals.isEmpty && $0.dialogs.count == 1 })
    }

    @Test("a NOTIFY says what it is about, how long, and the status line (§2.4.5, §2.4.6)")
    func notification() throws {
        _ = try link.call()
        let token = try refer()
        link.isHeld = true
        link.give(.respond(token, status: 202), to: .agent)
        link.pass(.seconds(10))
        link.give(.notifyReferral(token, status: 486), to: .agent)
        let requests = link.takeWire().compactMap { if case .request(let request) = $0 { request } else { nil } }
        #expect(requests.map { $0.headers[.event] } == ["refer;id=2", "refer;id=2"])
        #expect(
            requests.map { $0.headers[.subscriptionState] } == ["active;expires=180", "terminated;reason=noresource"])
        #expect(requests.map(\.text) == ["SIP/2.0 100 Trying\r\n", "SIP/2.0 486 Busy Here\r\n"])
        #expect(requests.allSatisfy { $0.headers[.contentType] == "message/sipfrag;version=2.0" })
    }

    @Test("a SUBSCRIBE prolongs the subscription of a REFER and brings its state (RFC 6665 §4.2.1)")
    func prolonged() throws {
        _ = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        link.give(.notifyReferral(token, status: 180), to: .agent)
        link.pass(.seconds(170))
        _ = (link.take(.platform), link.takeTrace())
        subscribe("refer", "7200")
        #expect(link.takeTrace() == ["← SUBSCRIBE", "→ 200 SUBSCRIBE", "→ NOTIFY", "← 200 NOTIFY"])
        let told = link.take(.platform)
        #expect(told.names == ["response 9 200", "referral 1 180"])
        guard case .response(_, let ok) = told[0] else { return }
        #expect(ok.headers[.expires] == "3600")
        #expect(ok.headers[.contact] != nil)
        link.pass(.seconds(3599))
        #expect(link.take(.platform) == [])
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(link.take(.platform).names == ["referral 1 200", "referralEnded 1"])
    }

    @Test("a SUBSCRIBE for no time at all ends it with a last NOTIFY (RFC 6665 §4.1.2.3)")
    func unsubscribed() throws {
        _ = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        _ = (link.take(.platform), link.takeTrace())
        subscribe("refer;id=2", "0")
        #expect(link.takeTrace() == ["← SUBSCRIBE", "→ 200 SUBSCRIBE", "→ NOTIFY", "← 200 NOTIFY"])
        #expect(link.take(.platform).names == ["response 9 200", "referral 1 100", "referralEnded 1"])
        #expect(link.agents.values.allSatisfy { $0.referrals.isEmpty })
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(link.diagnostics == [.answerTooLate])
        subscribe("refer;id=2", "60")
        #expect(link.take(.platform).names.first == "response 9 481")
    }

    @Test(
        "a SUBSCRIBE to anything else is refused (RFC 6665 §4.2.1.1)",
        arguments: [
            ("presence", "60", 489), (nil, "60", 489), ("refer;id=3", "60", 481), ("refer;id=x", "60", 481),
            ("refer", "soon", 400),
        ] as [(String?, String, Int)])
    func badSubscription(_ event: String?, _ expires: String, status: Int) throws {
        _ = try link.call()
        link.give(.respond(try refer(), status: 202), to: .agent)
        _ = link.take(.platform)
        subscribe(event, expires)
        #expect(link.take(.platform).names.first == "response 9 \(status)")
    }

    @Test(
        "outside a dialog a SUBSCRIBE makes no subscription (§2.4.4)", arguments: [("refer", 403), ("presence", 489)])
    func subscriptionOutside(_ event: String, status: Int) {
        link.give(.send(RequestID(1), .subscribe, target: link.contact, headers: [.event: event]), to: .platform)
        #expect(link.take(.platform).names == ["response 1 \(status)"])
    }

    private func subscribe(_ event: String?, _ expires: String) {
        var headers: Headers = [.expires: expires]
        if let event { headers.append(.event, event) }
        link.give(.sendInCall(outgoing, RequestID(9), .subscribe, headers: headers), to: .platform)
    }

    @Test("a REFER that is refused leaves nothing behind")
    func refused() throws {
        _ = try link.call()
        link.give(.respond(try refer(), status: 603), to: .agent)
        #expect(link.take(.platform).names == ["response 1 603"])
        #expect(link.agents.values.allSatisfy { $0.referrals.isEmpty })
        link.pass(.seconds(1000))
        #expect(link.take(.platform) == [])
    }

    @Test("the news goes on when the call is over, in the same dialog (RFC 5057 §4.2)")
    func outlivesCall() throws {
        _ = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        link.give(.hangUp(outgoing), to: .platform)
        #expect(link.take(.agent).names == ["ended bye"])
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(
            link.take(.platform).names == [
                "response 1 202", "referral 1 100", "ended hungUp", "referral 1 200", "referralEnded 1",
            ])
        #expect(link.agents.values.allSatisfy { $0.dialogs.isEmpty })
    }

    @Test("in a dialog without its call everything but news is refused with 481")
    func afterCall() throws {
        let (incoming, _) = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        var session = try #require(link.agents[.platform]?.dialogs.values.first)
        var info = session.dialog.request(.info)
        info.cSeq.number += 5
        info.via = [Via(transport: "WSS", host: "p.invalid", parameters: ["branch": "z9hG4bKinfo"])]
        link.give(.hangUp(incoming), to: .agent)
        _ = link.takeTrace()
        link.isHeld = true
        link.deliver(info.bytes, to: .agent)
        #expect(link.takeTrace() == ["→ 481 INFO"])
    }

    @Test("who hears nothing more is told so in time, and who is never heard of again says so")
    func expires() throws {
        _ = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        link.pass(.seconds(180))
        #expect(
            link.take(.platform).names == ["response 1 202", "referral 1 100", "referral 1 100", "referralEnded 1"])
        link.give(.notifyReferral(token, status: 200), to: .agent)
        #expect(link.diagnostics == [.answerTooLate])

        _ = try refer()
        link.isHeld = true
        link.pass(.seconds(180))
        #expect(link.agents.values.allSatisfy { $0.referrals.isEmpty })
    }

    @Test("news of several REFERs is told apart by its number (§2.4.6)")
    func several() throws {
        _ = try link.call()
        let first = try refer()
        link.give(.sendInCall(outgoing, RequestID(2), .refer, headers: target), to: .platform)
        let (second, _) = try link.takeRequest(.agent)
        link.give(.respond(second, status: 202), to: .agent)
        link.give(.respond(first, status: 202), to: .agent)
        link.give(.notifyReferral(first, status: 404), to: .agent)
        link.give(.notifyReferral(second, status: 200), to: .agent)
        #expect(
            link.take(.platform).names == [
                "response 2 202", "referral 2 100", "response 1 202", "referral 1 100", "referral 1 404",
                "referralEnded 1", "referral 2 200", "referralEnded 2",
            ])
    }

    @Test(
        "a REFER without exactly one Refer-To is refused with 400 (§2.4.2)",
        arguments: [[:], ["Refer-To": "<sip:a@b>, <sip:c@d>"], ["Refer-To": "<sip:a@b>", "refer-to": "<sip:c@d>"]]
            as [Headers])
    func malformed(_ headers: Headers) throws {
        _ = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .refer, headers: headers), to: .platform)
        #expect(link.take(.platform).names == ["response 1 400"])
        #expect(link.take(.agent) == [])
    }

    @Test("who does not take REFER says so, and in Allow (RFC 3261 §8.2.1)")
    func notAccepted() throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .refer, headers: target), to: .agent)
        guard case .response(_, let response) = try #require(link.take(.agent).first) else { return }
        #expect(response.status == 405)
        #expect(!response.headers.list(.allow).contains("REFER"))
        #expect(link.agents.values.allSatisfy { $0.referrals.isEmpty })
    }

    @Test(
        "a NOTIFY of nothing that was asked for is refused (RFC 6665 §4.1.3)",
        arguments: [
            ("presence", "active", "SIP/2.0 200 OK", 489), ("refer;id=77", "active", "SIP/2.0 200 OK", 481),
            ("refer;id=2", "active", "nonsense", 400), ("refer;id=2", nil, "SIP/2.0 200 OK", 400),
            ("refer", "active", "SIP/2.0 200 OK", 200), (nil, "active", "SIP/2.0 200 OK", 489),
        ] as [(String?, String?, String, Int)])
    func unknownNews(_ event: String?, _ state: String?, _ body: String, status: Int) throws {
        let (incoming, _) = try link.call()
        let token = try refer()
        link.give(.respond(token, status: 202), to: .agent)
        _ = link.takeTrace()
        var headers: Headers = [:]
        if let event { headers.append(.event, event) }
        if let state { headers.append(.subscriptionState, state) }
        link.give(
            .sendInCall(incoming, RequestID(9), .notify, headers: headers, body: Array(body.utf8)), to: .agent)
        #expect(link.takeTrace().prefix(2) == ["→ NOTIFY", "← \(status) NOTIFY"])
    }

    @Test("outside a call there is nothing to REFER and nothing to tell (§2.4.2)", arguments: [Method.refer, .notify])
    func outside(_ method: Method) {
        link.give(.send(RequestID(1), method, target: link.contact, headers: target), to: .platform)
        #expect(link.take(.platform).names == ["response 1 \(method == .refer ? 403 : 481)"])
    }
}
