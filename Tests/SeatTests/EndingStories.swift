import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Every call and every leg ends, whatever the platform forgets")
struct EndingStories {
    private func talking() -> Story {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
        return story
    }

    @Test("A hang-up the platform refuses is an error, and the sound ends all the same", arguments: [404, 481, 500])
    func refusedHangUp(status: Int) {
        let story = talking()
        story.answersMessages = status
        let failure = Problem.platformRefused(status: status).with(code: .terminateFailed)
        #expect(story.reply(.terminate(ccNumber: "7")) == .failure(failure))
        #expect(story.openLegs == [])
        story.advance(by: .seconds(5))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        story.answersMessages = 200
        #expect(story.reply(.call(number: "10011")) == .success(["result": 2]))
    }

    @Test("A hang-up the platform does not answer silences the call when that is known")
    func unansweredHangUp() {
        let story = talking()
        story.answersMessages = nil
        let command = story.command(.terminate(ccNumber: "7"))
        story.advance(by: .seconds(10))
        #expect(story.replies[command] == .failure(.platformSilent.with(code: .terminateFailed)))
        #expect(story.openLegs == [])
        story.advance(by: .seconds(5))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
    }

    @Test("A leg is refreshed while it lasts, and ends when the platform does not know it any more (RFC 4028)")
    func refreshed() {
        let story = talking()
        story.advance(by: .seconds(5000))
        #expect(story.openLegs.count == 1)
        #expect(story.endedLegs == [])
        story.loseConnection()
        story.advance(by: .seconds(900))
        #expect(story.openLegs == [])
        #expect(story.takeEvents().contains("callEvent endPBXCall"))
    }

    @Test("What comes while logging out is refused and does not outlive the login")
    func duringLogout() {
        let story = Story()
        story.logIn()
        story.isDeaf = true
        story.command(.logout)
        story.notice(#"<cc a="100" c="9" n="138"/>"#)
        story.invite(for: "9")
        #expect(story.openLegs == [])
        story.advance(by: .seconds(60))
        #expect(story.takeEvents() == ["statusChanged"])
        story.isDeaf = false
        story.logIn()
        #expect(story.reply(.call(number: "10010")) == .success(["result": 2]))
    }

    @Test("A leg whose call has ended before its INFO came is hung up")
    func lateInfo() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.notice(#"<cc a="105" c="7" r="20"/>"#)
        story.invite(for: "7")
        story.advance(by: .seconds(10))
        #expect(story.openLegs == [])
        #expect(story.endedLegs.count == 1)
    }

    @Test("An outgoing call of which nothing more is heard is hung up and ends with r 20")
    func ringingForgotten() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.advance(by: .seconds(150))
        #expect(story.events.last?.data["r"] == "20")
        #expect(story.bodies.last == #"<cc a="106" c="7"/>"#)
        #expect(story.reply(.call(number: "10011")) == .success(["result": 2]))
    }

    @Test("An offer rings as long as it is repeated, and is cancelled 90 seconds after the last one")
    func offerForgotten() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.advance(by: .seconds(60))
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.advance(by: .seconds(60))
        #expect(story.takeEvents() == ["callEvent newPBXCall"])
        story.advance(by: .seconds(30))
        #expect(story.takeEvents() == ["callEvent cancelPBXCall"])
    }

    @Test("An answer the platform takes and then forgets ends after 20 seconds")
    func answerForgotten() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "8"))
        story.advance(by: .seconds(20))
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent endPBXCall"])
    }

    @Test("A call that is answered and has no sound in 20 seconds is hung up")
    func neverHeard() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        story.advance(by: .milliseconds(19_999))
        #expect(story.takeEvents() == ["callEvent answeredPBXCall"])
        story.advance(by: .milliseconds(1))
        #expect(story.events.map(\.data["r"]) == ["26"])
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.bodies == [#"<cc a="106" c="7"/>"#])
        story.notice(#"<cc a="104" c="8" n="138"/>"#)
        story.invite(for: "8")
        story.advance(by: .seconds(60))
        #expect(story.takeEvents() == ["callEvent answeredPBXCall"])
    }

    @Test("A colleague who does not answer ends the call, though nothing follows his notice")
    func colleagueMissed() {
        let story = Story()
        story.logIn()
        story.command(.call(number: "1001"))
        story.notice(#"<cc a="301" r="200" c="7" n="1001"/>"#)
        story.notice(#"<cc a="309" c="7"/>"#)
        story.advance(by: .seconds(5))
        #expect(story.events.last?.data["r"] == "20")
        #expect(
            story.takeEvents() == ["callinResponse", "callinFaildResponse", "endPBXCall"].map { "callEvent \($0)" })
        #expect(story.reply(.call(number: "10010")) == .success(["result": 2]))
    }

    @Test("A new leg for a call takes the old one's place, whose end then means nothing")
    func legReplaced() {
        let story = talking()
        story.loseConnection()
        story.advance(by: .seconds(3))
        story.notice(#"<cc a="1"/>"#)
        story.invite(for: "7")
        #expect(story.openLegs.count == 1)
        story.advance(by: .seconds(30))
        #expect(story.reply(.checkSeatState) == .success(["result": 4]))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.openLegs == [])
        #expect(story.takeEvents().filter { $0 == "callEvent endPBXCall" }.count == 1)
    }

    @Test("Audio the other side has ended ends the call, unless the platform says so first")
    func audioEndedByPeer() {
        let story = talking()
        story.feed(.legEndedByPeer(story.openLegs[0]))
        #expect(story.events == [])
        story.advance(by: .seconds(2))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])
    }

    @Test("Audio the other side has ended goes on if another peer's is offered in its place")
    func audioGoesOn() {
        let story = talking()
        let leg = story.openLegs[0]
        story.feed(.legEndedByPeer(leg))
        story.advance(by: .seconds(1))
        story.inCall(.outgoing(1), .invite, "v=0 other", type: "application/sdp")
        story.advance(by: .seconds(30))
        #expect(story.events == [])
        #expect(story.openLegs == [leg])
    }

    @Test("Audio that fails while the platform is away ends the call at once")
    func audioFailsOffline() {
        let story = talking()
        story.acceptsConnections = false
        story.loseConnection()
        _ = story.takeEvents()
        story.feed(.legFailed(story.openLegs[0]))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
    }

    @Test("A registrar that always refuses is asked less and less often")
    func hammering() {
        let story = Story()
        story.refusesRegistration = 503
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(600))
        #expect(20...50 ~= story.registrations.count)
        #expect(story.connects.count == 1)
    }

    @Test("A platform that sends legs without end opens eight at most, and all close with the logout")
    func legFlood() {
        let story = Story()
        story.logIn()
        for number in 0..<40 {
            story.notice("<cc a=\"100\" c=\"\(number)\" n=\"138\"/>")
            story.invite(for: "\(number)")
        }
        #expect(story.openLegs.count == 8)
        story.command(.logout)
        #expect(story.openLegs == [])
    }

    @Test(
        "A gateway that is no URI is refused at once",
        arguments: ["wss://", "wss:// bad", "wss://127.0.0.1:99999", "wss://user@host", "wss:///x"])
    func badGateway(uri: String) {
        let story = Story(socketURI: nil)
        story.getUser()
        var login = Story.login
        login.socketUri = uri
        #expect(story.reply(.initialize(login)) == .failure(.invalidParameter("socketUri").with(result: false)))
    }
}
