import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Incoming calls (platform protocol §6)")
struct IncomingCallStories {
    private func ringing() -> Story {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        return story
    }

    @Test("100, repeated; answer: 102, INVITE and INFO, 104; the agent hangs up")
    func wholeCall() {
        let story = ringing()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.events.map(\.data) == [["a": "100", "c": "7", "n": "138"]])
        #expect(story.takeEvents() == ["callEvent newPBXCall"])
        #expect(story.reply(.checkSeatState) == .success(["result": 3]))

        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies == [#"<cc a="102" c="7"/>"#])
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        #expect(story.takeEvents() == ["callEvent answeredPBXCall"])
        #expect(story.reply(.checkSeatState) == .success(["result": 4]))
        #expect(story.openLegs.count == 1)

        story.advance(by: .seconds(3))
        story.command(.terminate(ccNumber: "7"))
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.events.map(\.data["callTime"]) == [3])
        #expect(story.openLegs == [])
    }

    @Test("The caller gives up: one cancelPBXCall though 101 is repeated")
    func callerGivesUp() {
        let story = ringing()
        story.notice(#"<cc a="101" c="7"/>"#)
        story.notice(#"<cc a="101" c="7"/>"#)
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall"])
        #expect(story.reply(.checkSeatState) == .success(["result": 1]))
    }

    @Test("A refused call is cancelled, and offered again it is a new event")
    func refused() {
        let story = ringing()
        #expect(story.reply(.terminate(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies == [#"<cc a="106" c="7"/>"#])
        story.notice(#"<cc a="101" c="7"/>"#)
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(
            story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall", "callEvent newPBXCall"])
        story.advance(by: .seconds(20))
        #expect(story.events == [])
        #expect(story.reply(.checkSeatState) == .success(["result": 3]))
    }

    @Test("Two answers to one call act once")
    func answeredTwice() {
        let story = ringing()
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .failure(.wrongState.with(code: .answerFailed)))
        #expect(story.bodies == [#"<cc a="102" c="7"/>"#])
    }

    @Test("An answer the platform refuses can be given again")
    func answerRefused() {
        let story = ringing()
        story.answersMessages = 500
        let failure = Problem.platformRefused(status: 500).with(code: .answerFailed)
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .failure(failure))
        story.answersMessages = 200
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
    }

    @Test("The customer hangs up while we answer: one end, and the seat can take the next call")
    func hangUpWhileAnswering() {
        let story = ringing()
        story.command(.answerPBXCall(ccNumber: "7"))
        let leg = story.invite(for: "7")
        story.notice(#"<cc a="101" c="7"/>"#)
        story.notice(#"<cc a="105" c="7" r="20"/>"#)
        story.bye(leg)
        story.advance(by: .seconds(30))
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall"])
        #expect(story.openLegs == [])
        story.notice(#"<cc a="100" c="8" n="139"/>"#)
        #expect(story.takeEvents() == ["callEvent newPBXCall"])
    }

    @Test("A second call is offered during a call and cannot be answered until the first is over")
    func secondCall() {
        let story = ringing()
        story.command(.answerPBXCall(ccNumber: "7"))
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        story.notice(#"<cc a="100" c="8" n="139"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "8")) == .failure(.wrongState.with(code: .answerFailed)))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "8")) == .success(["result": true]))
    }

    @Test("Kicked off during a call: the call ends, then the login")
    func kickedOff() {
        let story = ringing()
        story.command(.answerPBXCall(ccNumber: "7"))
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        _ = story.takeEvents()
        story.notice(#"<o><a><u n="1006_00010078" a="o" nm="Li" r="895"/></a></o>"#)
        #expect(story.takeEvents() == ["kickedOffLine", "callEvent endPBXCall", "statusChanged"])
        #expect(story.openLegs == [])
    }

    @Test("A platform that offers without end fills no memory")
    func flood() {
        let story = Story()
        story.logIn()
        for number in 0..<100 { story.notice("<cc a=\"100\" c=\"\(number)\" n=\"138\"/>") }
        #expect(story.events.count == 16)
    }

    @Test("The snapshot shows the call with its state, its number and what its leg measures")
    func snapshot() {
        let story = ringing()
        story.command(.answerPBXCall(ccNumber: "7"))
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        let snapshot = story.seat.snapshot(at: story.now) { $0 == story.openLegs.first ? "measured" : nil }
        #expect(
            snapshot["calls"] == [
                [
                    "ccNumber": "7", "direction": "incoming", "number": "138", "state": "connected",
                    "held": false, "muted": false, "afterCall": false, "connectedAt": .integer(story.now.unixSeconds),
                    "media": "measured", "recording": .null,
                ]
            ])
        #expect(snapshot["registration"] == "registered")
        #expect(snapshot["seatState"] == 4)
        #expect(!String(describing: snapshot).contains("pwd"))
    }
}
