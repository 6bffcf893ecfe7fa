import Testing
import Wire

@testable import SIP

@Suite("A call that rings for ever does not (RFC 3261 §13.2.1, §13.3.1)")
struct ExpirationTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]
    private let outgoing = CallHandle.outgoing(1)

    private func ring(_ expires: String? = nil, provisional: Int? = 180) throws -> CallHandle {
        var headers = sdp
        if let expires { headers.append(.expires, expires) }
        link.give(.invite(outgoing, target: link.contact, headers: headers, body: [1]), to: .platform)
        guard case .incomingCall(let call, _) = try #require(link.take(.agent).first) else { throw Malformed.startLine }
        if let provisional { link.give(.answer(call, status: provisional), to: .agent) }
        _ = (link.take(.platform), link.takeTrace())
        return call
    }

    @Test("who calls cancels after five minutes of ringing")
    func calling() throws {
        let call = try ring()
        link.pass(.seconds(299))
        #expect(link.takeTrace() == Array(repeating: "→ 180 INVITE", count: 4))
        link.pass(.seconds(1))
        #expect(link.takeTrace().contains("← CANCEL"))
        #expect(link.take(.agent).names == ["ended cancelled"])
        #expect(link.take(.platform).names.last == "ended cancelled")
        link.give(.answer(call, status: 200), to: .agent)
        #expect(link.diagnostics.last == .answerTooLate)
    }

    @Test("Expires says how long an invitation is good for, to who calls and to who is called, whoever is first")
    func expires() throws {
        _ = try ring("20")
        link.pass(.seconds(19))
        #expect(link.takeTrace() == [])
        link.pass(.seconds(1))
        #expect(link.take(.agent).names == ["ended cancelled"])
        #expect(link.take(.platform).names.count == 1)
        link.pass(.seconds(60))
        #expect(link.agents[.agent]?.deadline == nil)
        #expect(link.agents[.platform]?.deadline == nil)
    }

    @Test("who is called refuses an invitation that is over with 487, if its caller has not said so")
    func called() throws {
        _ = try ring("20", provisional: nil)
        link.isHeld = true
        link.pass(.seconds(20))
        #expect(link.takeTrace().contains("→ 487 INVITE"))
        #expect(link.take(.agent).names == ["ended cancelled"])
    }

    @Test("once answered, or with an Expires that says nothing, it has no effect", arguments: ["20", "soon", "-1"])
    func answered(_ expires: String) throws {
        let call = try ring(expires)
        if expires == "20" { link.give(.answer(call, status: 200, headers: sdp, body: [2]), to: .agent) }
        _ = (link.takeTrace(), link.take(.agent), link.take(.platform))
        link.pass(.seconds(50))
        #expect(link.take(.agent) == [])
        #expect(link.take(.platform) == [])
        #expect(link.takeTrace() == [])
    }

    @Test("a re-INVITE that is not answered is cancelled too, and the call goes on")
    func modification() throws {
        let (incoming, outgoing) = try link.call()
        link.give(.sendInCall(outgoing, RequestID(1), .invite, headers: sdp, body: [3]), to: .platform)
        let update = try link.takeRequest(.agent)
        #expect(update.request.method == .invite)
        link.pass(.seconds(301))
        #expect(link.take(.platform).names == ["response 1 487"])
        link.give(.sendInCall(incoming, RequestID(2), .info), to: .agent)
        #expect(try link.takeRequest(.platform).request.method == .info)
    }
}
