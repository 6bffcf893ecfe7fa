import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("getUser2: the sound is at another telephone (callintype 4 and 5)")
struct TelephoneStories {
    private let story = Story()

    private func talk(_ telephone: Command.Telephone = .callback(number: "13800138000")) {
        story.logIn(telephone: telephone)
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
    }

    @Test(
        "A call goes as ever, without an INVITE",
        arguments: [Command.Telephone.callback(number: "138"), .sip(number: "8001")])
    func outgoing(telephone: Command.Telephone) {
        talk(telephone)
        #expect(story.seat.state == .talking)
        story.advance(by: .seconds(61))
        #expect(story.seat.state == .talking)
        story.command(.terminate(ccNumber: "7"))
        #expect(story.bodies.last == #"<cc a="106" c="7"/>"#)
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.events.last?.data["callTime"] == 61)
        #expect(
            story.takeEvents() == ["callEvent calloutResponse", "callEvent answeredPBXCall", "callEvent endPBXCall"])
    }

    @Test("An incoming call is answered by 102 and connected by 104 alone")
    func incoming() {
        story.logIn(telephone: .sip(number: "8001"))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        #expect(story.seat.state == .talking)
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.seat.state == .idle)
    }

    @Test("A telephone that is called back is held by 9 and its number")
    func hold() {
        talk()
        #expect(story.reply(.hold(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies.last == #"<ch a="1" cc="7" number="913800138000"/>"#)
        #expect(story.seat.state == .held)
    }

    @Test("What would need the sound here is refused: mute and keys")
    func noSound() throws {
        talk()
        #expect(story.reply(.mute(ccNumber: "7")) == .failure(.soundElsewhere))
        #expect(
            story.reply(.sendDTMF(try #require(Command.Keys("1")))) == .failure(.wrongState.with(code: .serverError)))
    }

    @Test("Without a connection a call that talks goes on and can be ended; one that rings is over")
    func lostConnection() {
        talk()
        _ = story.takeEvents()
        story.loseConnection()
        #expect(story.takeEvents() == ["register", "statusChanged"])
        story.advance(by: .seconds(2))
        story.notice(#"<cc a="1"/>"#)
        #expect(story.seat.state == .talking)
        story.command(.terminate(ccNumber: "7"))
        story.advance(by: .seconds(5))
        #expect(story.seat.state == .idle)

        let other = Story()
        other.logIn(telephone: .sip(number: "8001"))
        other.notice(#"<cc a="100" c="7" n="138"/>"#)
        other.loseConnection()
        #expect(other.takeEvents() == ["callEvent newPBXCall", "register", "statusChanged", "callEvent cancelPBXCall"])
    }
}
