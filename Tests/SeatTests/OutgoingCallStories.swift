import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Outgoing calls (platform protocol §6)")
struct OutgoingCallStories {
    /// A call to the outside that the platform has taken.
    private func dialled(_ story: Story = Story()) -> Story {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        return story
    }

    @Test("call, 201, INVITE and INFO, 104, talk, 105: the customer hangs up")
    func wholeCall() throws {
        let story = Story()
        story.logIn()
        #expect(story.reply(.call(number: "10010")) == .success(["result": 2]))
        #expect(try #/<cc a="200" i="\d{16}" p="02566699734" t="10010"/>/#.wholeMatch(in: story.bodies[0]) != nil)
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        #expect(story.events.last?.data == ["a": "201", "r": "200", "c": "7", "n": "10010"])
        #expect(story.reply(.checkSeatState) == .success(["result": 3]))

        let leg = story.invite(for: "7")
        #expect(story.legAnswers[leg]?.status == 200)
        #expect(story.legAnswers[leg]?.text == "v=0 answer")
        #expect(story.openLegs.count == 1)

        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        #expect(story.reply(.checkSeatState) == .success(["result": 4]))
        story.advance(by: .milliseconds(61_900))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.events.last?.data == ["a": "105", "c": "7", "r": "25", "callTime": 61])
        #expect(
            story.takeEvents() == ["callEvent calloutResponse", "callEvent answeredPBXCall", "callEvent endPBXCall"])
        story.bye(leg)
        story.advance(by: .seconds(60))
        #expect(story.events == [])
        #expect(story.openLegs == [])
        #expect(story.reply(.checkSeatState) == .success(["result": 1]))
        #expect(story.reply(.call(number: "10011")) == .success(["result": 2]))
    }

    @Test("A number in the range of extensions is an inside call")
    func inside() {
        let story = Story()
        story.logIn()
        #expect(story.reply(.call(number: "1002")) == .success(["result": 3]))
        #expect(story.bodies[0].contains(#"t="1002_00010078""#))
        story.notice(#"<cc a="301" r="1000" n="1002"/>"#)
        #expect(story.takeEvents() == ["callEvent callinResponse"])
        #expect(story.reply(.checkSeatState) == .success(["result": 1]))
    }

    @Test("A refused call leaves the seat idle")
    func refused() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="503" n="10010"/>"#)
        #expect(story.events.map(\.data["r"]) == ["503"])
        #expect(story.reply(.call(number: "10010")) == .success(["result": 2]))
    }

    @Test("A call that is not answered ends with r 20 and the time of its end")
    func notAnswered() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.advance(by: .seconds(45))
        story.bye(leg)
        story.notice(#"<cc a="105" c="7" r="20"/>"#)
        #expect(
            story.events.last?.data
                == ["a": "105", "c": "7", "r": "20", "callTime": .integer(story.now.unixSeconds)])
    }

    @Test("The agent hangs up: 106, then 105 with r 26")
    func agentHangsUp() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        #expect(story.reply(.terminate(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies.last == #"<cc a="106" c="7"/>"#)
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.events.last?.data["r"] == "26")
        story.advance(by: .seconds(60))
        #expect(story.takeEvents().filter { $0 == "callEvent endPBXCall" }.count == 1)
        #expect(story.endedLegs.count == 1)
    }

    @Test("A BYE alone ends the call too, a little later, once")
    func byeAlone() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
        story.bye(leg)
        #expect(story.openLegs == [])
        #expect(story.events == [])
        story.advance(by: .seconds(2))
        #expect(story.events.map(\.data["r"]) == ["25"])
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.events.count == 1)
    }

    @Test("A 106 that nothing follows ends the call after five seconds")
    func hangUpWithoutEnd() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.command(.terminate(ccNumber: "7"))
        story.advance(by: .seconds(5))
        #expect(story.events.last?.data == ["a": "105", "c": "7", "r": "26", "callTime": 5])
        #expect(story.openLegs == [])
    }

    @Test("A call the platform takes and then forgets frees the seat")
    func silentPlatform() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        #expect(story.reply(.call(number: "10011")) == .failure(.wrongState.with(code: .callOutsideFailed)))
        story.advance(by: .seconds(30))
        #expect(story.events.map(\.data) == [["a": "201", "r": "408", "n": "10010"]])
        #expect(story.reply(.call(number: "10011")) == .success(["result": 2]))
    }

    @Test("A message that is not answered fails after ten seconds with the SDK's code; the next call works")
    func messageLost() {
        let story = Story()
        story.logIn()
        story.answersMessages = nil
        let command = story.command(.call(number: "10010"))
        story.advance(by: .seconds(10))
        #expect(story.replies[command] == .failure(.platformSilent.with(code: .callOutsideFailed)))
        story.answersMessages = 200
        #expect(story.reply(.call(number: "10010")) == .success(["result": 2]))
    }

    @Test("A message that is refused fails with its status")
    func messageRefused() {
        let story = Story()
        story.logIn()
        story.answersMessages = 404
        let failure = Problem.platformRefused(status: 404).with(code: .callInsideFailed)
        #expect(story.reply(.call(number: "1002")) == .failure(failure))
    }

    @Test("A call before login, in a call, or to no number is refused before anything is sent")
    func wrongState() {
        let story = Story()
        #expect(story.reply(.call(number: "10010")) == .failure(.notLoggedIn.with(code: .callOutsideFailed)))
        story.logIn()
        for number in ["", "abc", "1 2", "12;ext", "+", "1+2", String(repeating: "1", count: 33)] {
            #expect(story.reply(.call(number: number)) == .failure(.invalidParameter("number")))
        }
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        let sent = story.bodies.count
        #expect(story.reply(.call(number: "10011")) == .failure(.wrongState.with(code: .callOutsideFailed)))
        #expect(story.bodies.count == sent)
    }

    @Test("An unknown ccNumber is a 404 with the SDK's code")
    func unknownCall() {
        let story = Story()
        story.logIn()
        #expect(story.reply(.terminate(ccNumber: "9")) == .failure(.noSuchCall.with(code: .terminateFailed)))
        #expect(story.reply(.answerPBXCall(ccNumber: "9")) == .failure(.noSuchCall.with(code: .answerFailed)))
        #expect(story.bodies == [])
    }

    @Test("An INVITE without an offer is answered by one, and the ACK has the answer (RFC 3261 §13.2.1)")
    func offerless() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        let leg = story.invite(for: "7", offer: nil)
        #expect(story.legAnswers[leg]?.status == 200)
        #expect(story.legAnswers[leg]?.text.hasSuffix("v=0 offer") == true)
        #expect(story.legAnswersTaken == ["v=0 answer"])
        #expect(story.openLegs.count == 1)
    }

    @Test("An offer the media cannot take is refused with 488 and the reason")
    func unacceptableOffer() {
        let story = dialled()
        story.answersMedia = false
        let leg = story.invite(for: "7")
        #expect(story.legAnswers[leg]?.status == 488)
        #expect(story.legAnswers[leg]?.headers["Warning"] == #"302 phonebard "no fingerprint""#)
    }

    @Test("Audio that fails hangs the call up")
    func audioFails() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
        story.feed(.legFailed(story.openLegs[0]))
        #expect(story.bodies.last == #"<cc a="106" c="7"/>"#)
        #expect(story.endedLegs.count == 1)
        story.advance(by: .seconds(5))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
    }

    @Test("A re-INVITE is answered by the same leg")
    func reinvite() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.inCall(leg, .invite, "v=0 hold", type: "application/sdp")
        #expect(story.openLegs.count == 1)
        #expect(story.endedLegs == [])
    }

    @Test("A re-INVITE without an offer is answered by one, and the ACK has the answer (RFC 3261 §14.2)")
    func offerlessReinvite() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.inCall(leg, .invite, nil)
        #expect(story.legAnswers[leg]?.status == 200)
        #expect(story.legAnswers[leg]?.text.hasSuffix("v=0 offer") == true)
        #expect(story.legAnswersTaken == ["v=0 answer"])
        story.inCall(leg, .invite, nil)
        #expect(story.legAnswersTaken == ["v=0 answer", "v=0 answer"])
        story.inCall(leg, .invite, "v=0 hold", type: "application/sdp")
        #expect(story.openLegs.count == 1)
        #expect(story.endedLegs == [])
    }

    @Test("Where there is no offer to make it is refused with 488 and the reason, and the call goes on")
    func noOfferToMake() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.answersMedia = false
        story.inCall(leg, .invite, nil)
        #expect(story.answersInCall.map(\.status) == [200, 488])
        #expect(story.answersInCall.last?.headers["Warning"] == #"304 phonebard "no media""#)
        #expect(story.endedLegs == [])
    }

    @Test("An ACK without the answer leaves the session as it was, and later offers are taken again (RFC 3261 §14.1)")
    func unansweredOffer() {
        let story = dialled()
        let leg = story.invite(for: "7")
        story.answersInAcknowledgement = false
        story.inCall(leg, .invite, nil)
        #expect(story.legAnswersTaken == [nil])
        story.answersInAcknowledgement = true
        story.inCall(leg, .invite, nil)
        #expect(story.legAnswersTaken == [nil, "v=0 answer"])
        #expect(story.endedLegs == [])
    }

    @Test("An offer that new addresses ask for meanwhile is the one that is made, once")
    func movesMeanwhile() throws {
        let story = dialled()
        let leg = story.invite(for: "7")
        (story.offersMedia, story.answersInAcknowledgement) = (false, nil)
        story.inCall(leg, .invite, nil)
        for _ in 1...2 { story.feed(.legOffers(try #require(story.openLegs.first), sdp: "v=0 moved")) }
        #expect(story.legAnswers[leg]?.text.hasSuffix("v=0 moved") == true)
        #expect(story.legOffers == [])
        story.advance(by: .seconds(32))
        #expect(story.endedLegs == [leg])
    }

    @Test("A lost connection keeps a call that has audio, and ends one that has none")
    func lostConnection() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        _ = story.takeEvents()
        story.loseConnection()
        #expect(story.takeEvents() == ["register", "statusChanged", "callEvent cancelPBXCall"])
        #expect(story.openLegs.count == 1)
        story.advance(by: .seconds(3))
        story.notice(#"<cc a="1"/>"#)
        #expect(story.reply(.checkSeatState) == .success(["result": 4]))
        #expect(story.reply(.terminate(ccNumber: "7")) == .success(["result": true]))
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.openLegs == [])
        #expect(story.reply(.checkSeatState) == .success(["result": 1]))
    }

    @Test("Hanging up without a connection silences the call at once")
    func hangUpOffline() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.acceptsConnections = false
        story.loseConnection()
        _ = story.takeEvents()
        #expect(story.reply(.terminate(ccNumber: "7")) == .success(["result": true]))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])
    }

    @Test("logout during a call ends it first: 106, BYE, one end event")
    func logoutDuringCall() {
        let story = dialled()
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.bodies.last == #"<cc a="106" c="7"/>"#)
        #expect(story.takeEvents() == ["callEvent endPBXCall", "statusChanged"])
        #expect(story.openLegs == [])
        #expect(story.endedLegs.count == 1)
    }
}
