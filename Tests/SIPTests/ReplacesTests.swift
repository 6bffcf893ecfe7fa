import Testing
import Wire

@testable import SIP

@Suite("Calls that take the place of others (RFC 3891)")
struct ReplacesTests {
    private let link = VirtualLink { $0.supported.append("replaces") }
    private let sdp: Headers = [.contentType: "application/sdp"]

    /// The platform calls once more, in the place of that call of the agent's.
    private func replace(_ replaces: Replaces, _ number: UInt64 = 2) {
        link.give(
            .invite(
                .outgoing(number), target: link.contact,
                headers: [.replaces: replaces.description, .contentType: "application/sdp"], body: [1]), to: .platform)
    }

    private func refusal() throws -> Int {
        guard case .callEnded(_, .rejected(let response)) = try #require(link.take(.platform).last) else {
            throw Malformed.startLine
        }
        return response.status
    }

    /// As the agent's side sees it: what the platform's own handle names, seen from there.
    private func name(_ call: CallHandle) throws -> Replaces {
        try #require(link.agents[.platform]?.replaces(call))
    }

    @Test("answering it ends the call it replaces by BYE (§3)")
    func confirmed() throws {
        let (incoming, outgoing) = try link.call()
        replace(try name(outgoing))
        let told = link.take(.agent)
        #expect(told.names == ["incomingReplacement"])
        guard case .incomingReplacement(let call, of: incoming, _) = told[0] else { return }
        link.give(.answer(call, status: 200, headers: sdp, body: [2]), to: .agent)
        #expect(link.take(.agent).contains(.callEnded(incoming, .replaced(by: call))))
        #expect(link.take(.platform).names == ["answered 200", "ended bye"])
        #expect(link.takeTrace() == ["← INVITE", "→ 200 INVITE", "→ BYE", "← ACK", "← 200 BYE"])
    }

    @Test("refusing it leaves the call as it was")
    func declined() throws {
        let (incoming, outgoing) = try link.call()
        replace(try name(outgoing))
        guard case .incomingReplacement(let call, of: incoming, _) = try #require(link.take(.agent).first) else {
            return
        }
        link.give(.answer(call, status: 486), to: .agent)
        #expect(link.take(.agent) == [.callEnded(call, .hungUp)])
        #expect(link.agents[.agent]?.calls[incoming] != nil)
    }

    @Test("early-only: a call that was answered is not replaced, 486 (§3)")
    func earlyOnly() throws {
        let (_, outgoing) = try link.call()
        var replaces = try name(outgoing)
        replaces.isEarlyOnly = true
        replace(replaces)
        #expect(try refusal() == 486)
    }

    @Test("a call of ours that rings is given up by CANCEL (§3)")
    func early() throws {
        let outgoing = CallHandle.outgoing(7)
        link.give(.invite(outgoing, target: VirtualLink.platformURI, headers: sdp, body: [1]), to: .agent)
        guard case .incomingCall(let ringing, _) = try #require(link.take(.platform).first) else { return }
        link.give(.answer(ringing, status: 180), to: .platform)
        replace(try name(ringing))
        guard case .incomingReplacement(let call, of: outgoing, _) = try #require(link.take(.agent).last) else {
            return
        }
        link.give(.answer(call, status: 200, headers: sdp, body: [2]), to: .agent)
        #expect(link.take(.agent).contains(.callEnded(outgoing, .cancelled(nil))))
    }

    @Test("a call that rings here cannot be replaced: 481 (§3)")
    func ringing() throws {
        link.give(.invite(.outgoing(1), target: link.contact, headers: sdp, body: [1]), to: .platform)
        guard case .incomingCall(let call, _) = try #require(link.take(.agent).first) else { return }
        link.give(.answer(call, status: 180), to: .agent)
        replace(try name(.outgoing(1)))
        #expect(try refusal() == 481)
    }

    @Test("a call that is over declines who comes to replace it, 603; one that never was is unknown, 481 (§3)")
    func over() throws {
        let (incoming, outgoing) = try link.call()
        let replaces = try name(outgoing)
        link.give(.hangUp(incoming), to: .agent)
        _ = link.take(.platform)
        replace(replaces)
        #expect(try refusal() == 603)
        replace(Replaces(callID: "x", toTag: "y", fromTag: "z"), 3)
        #expect(try refusal() == 481)
    }

    @Test("no more than the last ones are remembered")
    func bounded() throws {
        for number in 1...40 {
            let (incoming, _) = try link.call(UInt64(number))
            link.give(.hangUp(incoming), to: .agent)
            _ = link.take(.agent)
        }
        #expect(link.agents[.agent]?.endedDialogs.count == 32)
    }

    @Test("more than one Replaces, or one that cannot be read, is refused with 400 (§3)")
    func malformed() throws {
        for (number, value) in ["a;to-tag=b", "a;to-tag=b;from-tag=c, d;to-tag=e;from-tag=f", ";to-tag=a;from-tag=b"]
            .enumerated()
        {
            link.give(
                .invite(.outgoing(UInt64(number)), target: link.contact, headers: [.replaces: value]), to: .platform)
            #expect(try refusal() == 400)
        }
    }

    @Test("where it is not supported it is refused if required, and passed over if not (RFC 3261 §8.2.2.3)")
    func unsupported() throws {
        let (_, outgoing) = try link.call()
        var headers: Headers = [.replaces: try name(outgoing).description]
        link.give(.invite(.outgoing(5), target: VirtualLink.platformURI, headers: headers), to: .agent)
        #expect(link.take(.platform).names == ["incoming"])
        headers.append(.require, "replaces")
        link.give(.invite(.outgoing(6), target: VirtualLink.platformURI, headers: headers), to: .agent)
        #expect(link.take(.agent).names == ["ended 420"])
    }

    @Test(
        "the value of Replaces (§6.1)",
        arguments: [
            (
                "425928@b.org;to-tag=7743;from-tag=6472",
                Replaces(callID: "425928@b.org", toTag: "7743", fromTag: "6472")
            ),
            (
                "a ; early-only; From-Tag=f;to-tag=t",
                Replaces(callID: "a", toTag: "t", fromTag: "f", isEarlyOnly: true)
            ), ("a;to-tag=t;to-tag=u;from-tag=f", nil), ("a;to-tag=t;from-tag=", nil), ("", nil),
        ] as [(String, Replaces?)])
    func values(_ text: String, _ expected: Replaces?) {
        let read = try? Replaces(parsing: text)
        #expect(read == expected)
        if let read { #expect((try? Replaces(parsing: read.description)) == read) }
    }
}
