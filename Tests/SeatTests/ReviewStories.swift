import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Review")
struct ReviewStories {
    @Test("A call offered while logging out does not outlive the login")
    func offeredWhileLoggingOut() {
        let story = Story()
        story.logIn()
        story.isDeaf = true
        story.command(.logout)
        story.notice(#"<cc a="100" c="9" n="138"/>"#)
        story.advance(by: .seconds(60))
        story.isDeaf = false
        print("R1 events", story.takeEvents(), "calls", story.seat.calls.count)
        story.logIn()
        print("R1 call after relogin", story.reply(.call(number: "10010")) as Any)
        #expect(story.seat.calls.isEmpty)
    }

    @Test("A leg offered while logging out is closed")
    func invitedWhileLoggingOut() {
        let story = Story()
        story.logIn()
        story.isDeaf = true
        story.command(.logout)
        story.invite(for: "9")
        story.advance(by: .seconds(60))
        print("R2 open legs", story.openLegs, "seat legs", story.seat.legs.count)
        #expect(story.openLegs == [])
        #expect(story.seat.legs.isEmpty)
    }

    @Test("terminate that the platform refuses: call still ends", arguments: [404, 481, 500])
    func refusedHangUp(status: Int) {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.answersMessages = status
        print("R3 terminate", status, story.reply(.terminate(ccNumber: "7")) as Any)
        story.advance(by: .seconds(3600))
        print("R3 calls", story.seat.calls.count, "legs open", story.openLegs.count)
        #expect(story.seat.calls.isEmpty)
        #expect(story.openLegs == [])
    }

    @Test("A leg whose INFO comes after the end of its call does not stay")
    func lateInfo() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.notice(#"<cc a="105" c="7" r="20"/>"#)
        story.invite(for: "7")
        story.advance(by: .seconds(3600))
        print("R4 open legs", story.openLegs.count, story.seat.legs.count)
        #expect(story.openLegs == [])
    }

    @Test("A ringing outgoing call of which nothing more is heard ends some day")
    func ringingForEver() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.advance(by: .seconds(3600))
        print("R5 calls", story.seat.calls.count, story.reply(.call(number: "10011")) as Any)
        #expect(story.seat.calls.isEmpty)
    }

    @Test("An offered call of which nothing more is heard ends some day; answering too")
    func offeredForEver() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "8"))
        story.advance(by: .seconds(3600))
        print("R6 calls", story.seat.calls.map(\.state), story.reply(.answerPBXCall(ccNumber: "8")) as Any)
        #expect(story.seat.calls.isEmpty)
    }

    @Test("After a reconnect, an INVITE of the new dialog for a call replaces the dead leg")
    func reinviteAfterReconnect() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.loseConnection()
        story.advance(by: .seconds(3))
        story.notice(#"<cc a="1"/>"#)
        story.invite(for: "7")
        story.advance(by: .seconds(1))
        print("R7 open legs", story.openLegs.count, story.seat.calls.count)
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        story.advance(by: .seconds(60))
        print("R7 after end", story.openLegs.count, story.takeEvents())
        #expect(story.openLegs == [])
    }

    @Test("Registrar that always says 503: how often do we come back in ten minutes?")
    func hammering() {
        let story = Story()
        story.refusesRegistration = 503
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(600))
        print("R8 connects in 10 min", story.connects.count, "events", story.events.count)
        #expect(story.connects.count < 60)
    }

    @Test("call then 201 late after 504: not a ghost")
    func lateDial() {
        let story = Story()
        story.logIn()
        story.answersMessages = nil
        story.command(.call(number: "10010"))
        story.advance(by: .seconds(11))
        story.answersMessages = 200
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        print("R9", story.takeEvents(), story.seat.calls.count)
        print("R9 again", story.reply(.call(number: "10011")) as Any)
    }

    @Test("201 refusing, while a call is up, with a number the agent did not dial")
    func strangeNotices() {
        let story = Story()
        story.logIn()
        for index in 0..<40 { story.notice("<cc a=\"100\" c=\"c\(index)\" n=\"138\"/>") }
        print("R10 calls", story.seat.calls.count)
        for index in 0..<40 { story.invite(for: "c\(index)") }
        print("R10 legs", story.seat.legs.count, story.openLegs.count)
        story.command(.logout)
        story.advance(by: .seconds(60))
        print("R10 after logout", story.seat.calls.count, story.seat.legs.count, story.openLegs.count)
        #expect(story.openLegs == [])
    }
}
