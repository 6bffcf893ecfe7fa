import Testing
import Wire

@testable import SIP

@Suite("What ends a dialog, and what is owed when the connection goes")
struct DialogEndTests {
    private let link = VirtualLink()
    private let sdp: Headers = [.contentType: "application/sdp"]

    @Test(
        "a response that says the dialog is no more ends the call with BYE (RFC 3261 §12.2.1.2, RFC 5057 §5.1)",
        arguments: [404, 408, 481, 604], [Method.info, .invite, .update])
    func ended(_ status: Int, _ method: Method) throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), method, headers: sdp, body: [3]), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: status), to: .platform)
        #expect(link.take(.agent).names == ["response 1 \(status)", "ended \(status)"])
        #expect(link.take(.platform).names == ["ended bye"])
    }

    @Test(
        "a response that concerns the request alone leaves the call (RFC 5057 §5.1)",
        arguments: [400, 403, 415, 469, 488, 500, 501, 503, 603])
    func left(_ status: Int) throws {
        let (incoming, _) = try link.call()
        link.give(.sendInCall(incoming, RequestID(1), .info), to: .agent)
        link.give(.respond(try link.takeRequest(.platform).token, status: status), to: .platform)
        #expect(link.take(.agent).names == ["response 1 \(status)"])
        #expect(link.agents[.agent]?.calls.count == 1)
    }

    @Test(
        "a request in the call that is never answered ends it (RFC 3261 §12.2.1.2)", arguments: [Method.info, .update])
    func silent(_ method: Method) throws {
        let (incoming, _) = try link.call()
        link.isHeld = true
        link.give(.sendInCall(incoming, RequestID(1), method), to: .agent)
        link.lose()
        link.pass(.seconds(32))
        #expect(link.take(.agent).names == ["failed 1 timedOut", "ended timedOut"])
        #expect(link.takeTrace().last == "→ BYE")
    }

    @Test("a CANCEL and a REGISTER go out however much is pending")
    func full() {
        let call = CallHandle.outgoing(1)
        link.give(.invite(call, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        link.pass(.milliseconds(200))
        link.isHeld = true
        for number in 1...600 as ClosedRange<UInt64> {
            link.give(.send(RequestID(number), .message, target: VirtualLink.platformURI), to: .agent)
        }
        _ = link.takeTrace()
        link.give(.hangUp(call), to: .agent)
        link.give(.register(expires: .seconds(300)), to: .agent)
        #expect(link.takeTrace() == ["→ CANCEL", "→ REGISTER"])
    }

    @Test("a BYE that no connection can carry goes out on the next one")
    func owed() throws {
        let (incoming, _) = try link.call()
        link.disconnect()
        link.give(.hangUp(incoming, headers: [.reason: "SIP;cause=200"]), to: .agent)
        #expect(link.take(.agent) == [.callEnded(incoming, .hungUp)])
        #expect(link.takeTrace() == [])
        link.connect()
        #expect(link.takeTrace() == ["→ BYE", "← 200 BYE"])
        guard case .callEnded(_, .bye(let bye)) = try #require(link.take(.platform).first) else {
            Issue.record("no BYE")
            return
        }
        #expect(bye.headers[.reason] == "SIP;cause=200")
        #expect(link.agents[.agent]?.owed.isEmpty == true)
    }

    @Test("a BYE that was on its way when the connection went is sent once more")
    func lostBye() throws {
        let (incoming, _) = try link.call()
        link.isHeld = true
        link.give(.hangUp(incoming), to: .agent)
        link.disconnect()
        link.isHeld = false
        link.connect()
        #expect(link.takeTrace() == ["→ BYE", "→ BYE", "← 200 BYE"])
        #expect(link.take(.platform).names == ["ended bye"])
    }

    @Test("a BYE that the other side never answers is owed no longer")
    func silentBye() throws {
        let (incoming, _) = try link.call()
        link.isHeld = true
        link.give(.hangUp(incoming), to: .agent)
        link.lose()
        link.pass(.seconds(33))
        link.disconnect()
        link.connect()
        #expect(link.takeTrace() == ["→ BYE"])
    }

    @Test("a request that arrived with Max-Forwards 0 is taken: only who would forward it refuses it (RFC 3261 §16.3)")
    func lastHop() throws {
        let (_, outgoing) = try link.call()
        link.isHeld = true
        link.give(.sendInCall(outgoing, RequestID(1), .info), to: .platform)
        guard case .request(var info) = try #require(link.takeWire().first) else { return }
        info.maxForwards = 0
        link.deliver(info.bytes, to: .agent)
        #expect(link.take(.agent).names == ["callRequest INFO"])
    }

    @Test("the same MESSAGE by another way is refused with 482 (RFC 3261 §8.2.2.2)")
    func merged() throws {
        link.give(.send(RequestID(1), .message, target: link.contact), to: .platform)
        var (_, message) = try link.takeRequest(.agent)
        message.via[0].parameters["branch"] = "z9hG4bKother"
        link.deliver(message.bytes, to: .agent)
        #expect(link.takeTrace() == ["← MESSAGE", "→ 482 MESSAGE"])
    }
}
