import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("A login that the configuration asks for")
struct AutomaticLoginStories {
    private let story = Story()

    private func start(gid: String? = nil) {
        let user = Command.GetUser(un: "1006", pwd: Redacted("1006"), switchnumber: "02566699734")
        story.feed(.loginConfigured(.init(user: user, gid: gid)))
    }

    @Test("getUser and init without a command, with the agent's first group")
    func loggedIn() {
        story.groups = #"[{"id":"2033","eid":"65656","name":"a"},{"id":"2034"}]"#
        start()
        story.answerFetches()
        #expect(story.takeEvents() == ["register"])
        #expect(story.bodies == [#"<cc a="1"/>"#, #"<cc a="52"/>"#, #"<cc a="53" g="2033_65656"/>"#])
        story.notice(#"<cc a="1"/>"#)
        #expect(story.seat.state == .idle)
        #expect(story.replies.isEmpty)
    }

    @Test("The group configured counts more; who is in none is in group 0")
    func groups() {
        start(gid: "7")
        story.answerFetches()
        #expect(story.bodies.last == #"<cc a="53" g="7_65656"/>"#)
        let other = Story()
        other.feed(
            .loginConfigured(
                .init(user: .init(un: "1006", pwd: Redacted("1006"), switchnumber: "025"), gid: nil)))
        other.answerFetches()
        #expect(other.bodies.last == #"<cc a="53" g="0_65656"/>"#)
    }

    @Test("A user API that is away is asked again with pauses, told once, logged ever less often, and found later")
    func retried() {
        start()
        for _ in 0..<20 {
            story.feed(.fetched(story.fetches[story.fetches.count - 1], nil))
            story.advance(by: .seconds(30))
        }
        #expect(story.fetches.count == 21)
        #expect(story.events.map(\.data["code"]) == [50000])
        #expect(story.diagnostics.count == 7 + 2)
        story.answerFetches()
        #expect(story.takeEvents() == ["register", "register"])
    }

    @Test("A change of the network ends the pause")
    func networkChanged() {
        start()
        story.feed(.fetched(story.fetches[0], nil))
        #expect(story.fetches.count == 1)
        story.feed(.networkChanged(addresses: []))
        #expect(story.fetches.count == 2)
        story.feed(.networkChanged(addresses: []))
        #expect(story.fetches.count == 2)
    }

    @Test("A wrong password or enterprise ends it", arguments: [(4, 50003), (6, 50004)] as [(Int, JSON)])
    func final(status: Int, code: JSON) {
        start()
        story.feed(.fetched(story.fetches[0], Array("{\"status\":\(status)}".utf8)))
        #expect(story.events.map(\.data["code"]) == [code])
        story.advance(by: .seconds(600))
        #expect(story.fetches.count == 1)
        #expect(story.seat.deadline == nil)
    }

    @Test("A client's getUser or logout takes its place")
    func takenOver() {
        start()
        story.getUser()
        #expect(story.connects == [])
        let other = Story()
        other.feed(
            .loginConfigured(
                .init(user: .init(un: "1006", pwd: Redacted("1006"), switchnumber: "025"), gid: nil)))
        #expect(other.reply(.logout) == .success(.loggedOut))
        other.answerFetches()
        #expect(other.connects == [])
        #expect(other.seat.deadline == nil)
    }

    @Test("Kicked off it stays off")
    func kickedOff() {
        start()
        story.answerFetches()
        story.notice(#"<o><a><u n="1006_00010078" a="o" nm="Li" r="895"/></a></o>"#)
        story.advance(by: .seconds(600))
        #expect(story.connects.count == 1)
        #expect(!story.isConnected)
    }
}
