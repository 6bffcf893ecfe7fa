import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Races: however a call ends, it ends once, and the seat takes the next one")
struct RaceStories {
    /// What the platform does when a call is over.
    enum Step: Sendable, CustomTestStringConvertible {
        case withdrawn, ended, bye

        var testDescription: String {
            switch self {
            case .withdrawn: "101"
            case .ended: "105"
            case .bye: "BYE"
            }
        }
    }

    private let story = Story()

    private func carryOut(_ steps: [Step], _ leg: CallHandle, reason: String = "25") {
        for step in steps {
            switch step {
            case .withdrawn: story.notice(#"<cc a="101" c="7"/>"#)
            case .ended: story.notice("<cc a=\"105\" c=\"7\" r=\"\(reason)\"/>")
            case .bye: story.bye(leg)
            }
        }
        story.advance(by: .seconds(10))
    }

    private func expectNextCall(location: SourceLocation = #_sourceLocation) {
        _ = story.takeEvents()
        #expect(story.openLegs == [], sourceLocation: location)
        #expect(story.seat.state == .idle, sourceLocation: location)
        story.notice(#"<cc a="100" c="next" n="139"/>"#)
        let answer = story.reply(.answerPBXCall(ccNumber: "next"))
        #expect(answer == .success(["result": true]), sourceLocation: location)
        story.invite(for: "next")
        story.notice(#"<cc a="104" c="next" n="139"/>"#)
        #expect(story.seat.state == .talking, sourceLocation: location)
        story.notice(#"<cc a="105" c="next" r="25"/>"#)
        let events = ["callEvent newPBXCall", "callEvent answeredPBXCall", "callEvent endPBXCall"]
        #expect(story.takeEvents() == events, sourceLocation: location)
        story.advance(by: .seconds(60))
        #expect(story.takeEvents() == [], sourceLocation: location)
        #expect(story.openLegs == [], sourceLocation: location)
    }

    @Test(
        "The customer hangs up while we answer",
        arguments: [
            ([.withdrawn], "cancelPBXCall"), ([.ended], "endPBXCall"), ([.bye], "endPBXCall"),
            ([.withdrawn, .bye], "cancelPBXCall"), ([.bye, .withdrawn], "cancelPBXCall"),
            ([.ended, .bye], "endPBXCall"), ([.bye, .ended], "endPBXCall"),
            ([.withdrawn, .ended, .bye], "cancelPBXCall"), ([.ended, .withdrawn], "endPBXCall"),
        ] as [([Step], String)])
    func whileAnswering(steps: [Step], end: String) {
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "7"))
        carryOut(steps, story.invite(for: "7"), reason: "20")
        #expect(story.events.last?.data["r"] == (end == "endPBXCall" ? "20" : nil))
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent \(end)"])
        expectNextCall()
    }

    @Test("The customer hangs up before the INVITE that our answer brings: the leg is hung up, the call has ended once")
    func beforeInvite() {
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "7"))
        story.notice(#"<cc a="101" c="7"/>"#)
        story.invite(for: "7")
        story.advance(by: .seconds(10))
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall"])
        expectNextCall()
    }

    @Test(
        "BYE before 105, after it, or only one of them",
        arguments: [[.ended, .bye], [.bye, .ended], [.ended], [.bye]] as [[Step]])
    func endOfTalk(steps: [Step]) {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        let leg = story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
        story.advance(by: .seconds(30))
        carryOut(steps, leg)
        #expect(story.events.first?.data["r"] == "25")
        let callTime = story.events.first?.data["callTime"]?.lenientInteger
        #expect(callTime.map { 30...32 ~= $0 } == true)
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        expectNextCall()
    }

    @Test(
        "Both hang up at once: what the platform says counts, and the agent's command is done", arguments: [200, nil])
    func bothHangUp(answer: Int?) {
        story.logIn()
        story.talk()
        story.answersMessages = answer
        let command = story.command(.terminate(ccNumber: "7"))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.replies[command] == .success(["result": true]))
        #expect(story.events.map(\.data["r"]) == ["25"])
        story.advance(by: .seconds(20))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        story.answersMessages = 200
        expectNextCall()
    }

    @Test("Hung up twice acts once")
    func hungUpTwice() {
        story.logIn()
        story.talk()
        #expect(story.reply(.terminate(ccNumber: "7")) == .success(["result": true]))
        #expect(story.reply(.terminate(ccNumber: "7")) == .failure(.wrongState.with(code: .terminateFailed)))
        #expect(story.bodies.filter { $0.contains(#"a="106""#) }.count == 1)
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        expectNextCall()
    }

    @Test("A call that is being refused is not answered any more, by the agent or without", arguments: ["0", "1"])
    func refusedThenAnswered(autoAnswer: String) {
        story.profile = "{\"allow_auto_answer\":\(autoAnswer),\"auto_answer_duration\":5}"
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.answersMessages = nil
        story.command(.terminate(ccNumber: "7"))
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .failure(.wrongState.with(code: .answerFailed)))
        story.advance(by: .seconds(6))
        #expect(story.bodies == [#"<cc a="106" c="7"/>"#])
        story.answersMessages = 200
        story.notice(#"<cc a="101" c="7"/>"#)
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall"])
        story.advance(by: .seconds(10))
        expectNextCall()
    }

    @Test("The caller gives up before our answer is answered: there is no such call any more", arguments: [101, 105])
    func gaveUpMeanwhile(notice: Int) {
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.answersMessages = nil
        let answer = story.command(.answerPBXCall(ccNumber: "7"))
        story.notice("<cc a=\"\(notice)\" c=\"7\" r=\"20\"/>")
        #expect(story.replies[answer] == .failure(.noSuchCall.with(code: .answerFailed)))
        story.answersMessages = 200
        story.advance(by: .seconds(10))
        expectNextCall()
    }

    @Test(
        "A call offered during a call, which the caller gives up or which is answered afterwards",
        arguments: [true, false])
    func offeredDuringCall(givesUp: Bool) {
        story.logIn()
        story.talk()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "8")) == .failure(.wrongState.with(code: .answerFailed)))
        #expect(story.seat.state == .talking)
        if givesUp { story.notice(#"<cc a="101" c="8"/>"#) }
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        if givesUp {
            #expect(
                story.takeEvents() == ["callEvent newPBXCall", "callEvent cancelPBXCall", "callEvent endPBXCall"])
        } else {
            #expect(story.reply(.answerPBXCall(ccNumber: "8")) == .success(["result": true]))
            story.notice(#"<cc a="104" c="8" n="138"/>"#)
            story.notice(#"<cc a="105" c="8" r="25"/>"#)
            #expect(story.takeEvents().filter { $0 == "callEvent endPBXCall" }.count == 2)
        }
        expectNextCall()
    }

    @Test("We dial while a customer calls: the platform refuses our call, and his can be answered")
    func dialledIntoOffer() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .failure(.wrongState.with(code: .answerFailed)))
        story.notice(#"<cc a="201" r="502" n="10010"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
        carryOut([.ended, .bye], story.invite(for: "7"))
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent calloutResponse", "callEvent endPBXCall"])
        expectNextCall()
    }

    @Test("Kicked off during a call, and logged in again", arguments: ["895", "897", "898", "899"])
    func kickedOff(reason: String) {
        story.logIn()
        story.talk()
        story.notice("<o><a><u n=\"1006_00010078\" a=\"o\" nm=\"Li\" r=\"\(reason)\"/></a></o>")
        #expect(story.events.first?.data["r"] == .string(reason))
        #expect(story.takeEvents() == ["kickedOffLine", "callEvent endPBXCall", "statusChanged"])
        #expect(!story.isConnected)
        story.replacePlatform()
        story.logIn()
        expectNextCall()
    }

    @Test("Logged out during a call, and logged in again")
    func loggedOut() {
        story.logIn()
        story.talk()
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.takeEvents() == ["callEvent endPBXCall", "statusChanged"])
        story.replacePlatform()
        story.logIn()
        expectNextCall()
    }

    @Test("Logged out after the platform took a call and before it said more: the call is not on")
    func loggedOutWhileDialling() {
        story.logIn()
        story.command(.call(number: "10010"))
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.events.first?.data == ["a": "201", "n": "10010", "r": "408"])
        #expect(story.takeEvents() == ["callEvent calloutResponse", "statusChanged"])
        story.replacePlatform()
        story.logIn()
        expectNextCall()
    }

    @Test("The platform restarts and knows nothing of the call: it ends when its sound has failed")
    func restartDuringCall() {
        story.logIn()
        story.talk()
        story.loseConnection()
        #expect(story.takeEvents() == ["register", "statusChanged"])
        story.advance(by: .seconds(2))
        story.notice(#"<cc a="1"/>"#)
        _ = story.takeEvents()
        story.feed(.legFailed(story.openLegs[0]))
        story.advance(by: .seconds(10))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        expectNextCall()
    }

    @Test(
        "The platform restarts while a call is made, rings or is answered",
        arguments: ["dialled", "ringing", "offered", "answered"])
    func restartBeforeTalk(state: String) {
        story.logIn()
        switch state {
        case "dialled": story.command(.call(number: "10010"))
        case "ringing":
            story.command(.call(number: "10010"))
            story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        default:
            story.notice(#"<cc a="100" c="7" n="138"/>"#)
            if state == "answered" { story.command(.answerPBXCall(ccNumber: "7")) }
        }
        _ = story.takeEvents()
        story.loseConnection()
        let end = [
            "dialled": "calloutResponse", "ringing": "endPBXCall", "offered": "cancelPBXCall", "answered": "endPBXCall",
        ][state]
        #expect(story.takeEvents() == ["register", "statusChanged"] + (end.map { ["callEvent \($0)"] } ?? []))
        story.advance(by: .seconds(2))
        story.notice(#"<cc a="1"/>"#)
        expectNextCall()
    }

    @Test("The answer to a message is lost, but what it asked for happens: the command is done")
    func answersLost() {
        story.logIn()
        story.answersMessages = nil
        let call = story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        #expect(story.replies[call] == .success(["result": 2]))
        let hangUp = story.command(.terminate(ccNumber: "7"))
        story.notice(#"<cc a="105" c="7" r="20"/>"#)
        #expect(story.replies[hangUp] == .success(["result": true]))
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        let answer = story.command(.answerPBXCall(ccNumber: "8"))
        story.invite(for: "8")
        #expect(story.replies[answer] == .success(["result": true]))
        story.advance(by: .seconds(10))
        story.notice(#"<cc a="104" c="8" n="138"/>"#)
        #expect(story.seat.state == .talking)
        story.notice(#"<cc a="105" c="8" r="25"/>"#)
        let status = story.command(.changeStatus(.busy))
        story.notice(#"<cc a="2"/>"#)
        #expect(story.replies[status] == .success(["result": true]))
        story.notice(#"<cc a="1"/>"#)
        story.answersMessages = 200
        story.advance(by: .seconds(10))
        expectNextCall()
    }

    @Test("A lost answer to an answer that nothing follows leaves the call ringing, until it is answered again")
    func answerLostAlone() {
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.answersMessages = nil
        let lost = story.command(.answerPBXCall(ccNumber: "7"))
        story.advance(by: .seconds(10))
        #expect(story.replies[lost] == .failure(.platformSilent.with(code: .answerFailed)))
        #expect(story.seat.state == .ringing)
        story.answersMessages = 200
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
        carryOut([.ended, .bye], story.invite(for: "7"))
        expectNextCall()
    }
}
