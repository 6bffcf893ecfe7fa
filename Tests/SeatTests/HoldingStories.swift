import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("Calls that wait, and the seat set idle or busy")
struct HoldingStories {
    private let story = Story()

    private func talk() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        _ = story.takeEvents()
    }

    private var isHeld: JSON? {
        story.seat.snapshot(at: story.now) { _ in nil }["calls"]?.array?.first?["held"]
    }

    @Test("A call is held and gone on with as the platform takes it (platform protocol §3.1)")
    func heldAndUnheld() {
        talk()
        #expect(isHeld == false)
        #expect(story.reply(.hold(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies.last == #"<ch a="1" cc="7" number="1006_00010078"/>"#)
        #expect(story.seat.state == .held)
        #expect(isHeld == true)
        #expect(story.reply(.unhold(ccNumber: "7")) == .success(["result": true]))
        #expect(story.bodies.last == #"<ch a="2" cc="7" number="1006_00010078"/>"#)
        #expect(story.seat.state == .talking)
        #expect(isHeld == false)
        #expect(story.takeEvents() == [])
    }

    @Test("Nothing is sent where there is nothing to hold")
    func wrongState() {
        let notLoggedIn = Problem.notLoggedIn.with(code: .holdFailed)
        #expect(story.reply(.hold(ccNumber: "7")) == .failure(notLoggedIn))
        story.logIn()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        #expect(story.reply(.hold(ccNumber: "8")) == .failure(.wrongState.with(code: .holdFailed)))
        #expect(story.reply(.hold(ccNumber: "9")) == .failure(.noSuchCall.with(code: .holdFailed)))
        #expect(story.reply(.unhold(ccNumber: "9")) == .failure(.noSuchCall.with(code: .unholdFailed)))
        #expect(story.bodies == [])
    }

    @Test("What would change nothing is not sent: held twice, or gone on with unheld")
    func unchanged() {
        talk()
        #expect(story.reply(.unhold(ccNumber: "7")) == .failure(.wrongState.with(code: .unholdFailed)))
        story.command(.hold(ccNumber: "7"))
        let sent = story.bodies
        #expect(story.reply(.hold(ccNumber: "7")) == .failure(.wrongState.with(code: .holdFailed)))
        #expect(story.bodies == sent)
    }

    @Test("One request at a time for a call; one without an answer changes nothing and can be made again")
    func unanswered() {
        talk()
        story.answersMessages = nil
        let first = story.command(.hold(ccNumber: "7"))
        #expect(story.reply(.hold(ccNumber: "7")) == .failure(.wrongState.with(code: .holdFailed)))
        #expect(story.reply(.unhold(ccNumber: "7")) == .failure(.wrongState.with(code: .unholdFailed)))
        story.advance(by: .seconds(10))
        #expect(story.replies[first] == .failure(.platformSilent.with(code: .holdFailed)))
        #expect(story.seat.state == .talking)
        story.answersMessages = 200
        #expect(story.reply(.hold(ccNumber: "7")) == .success(["result": true]))
    }

    @Test("A refusal leaves the call as it was", arguments: [403, 500])
    func refused(status: Int) {
        talk()
        story.answersMessages = status
        let failure = Problem.platformRefused(status: status)
        #expect(story.reply(.hold(ccNumber: "7")) == .failure(failure.with(code: .holdFailed)))
        #expect(story.seat.state == .talking)
        story.answersMessages = 200
        story.command(.hold(ccNumber: "7"))
        story.answersMessages = status
        #expect(story.reply(.unhold(ccNumber: "7")) == .failure(failure.with(code: .unholdFailed)))
        #expect(story.seat.state == .held)
    }

    @Test("The customer hangs up while held, or before the platform has answered: one end each, then the next call")
    func endedMeanwhile() {
        talk()
        story.command(.hold(ccNumber: "7"))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.seat.state == .idle)
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="8" n="10010"/>"#)
        story.notice(#"<cc a="104" c="8" n="10010"/>"#)
        #expect(story.seat.state == .talking)
        story.answersMessages = nil
        let hold = story.command(.hold(ccNumber: "8"))
        story.notice(#"<cc a="105" c="8" r="25"/>"#)
        #expect(story.replies[hold] == .failure(.noSuchCall.with(code: .holdFailed)))
        #expect(story.seat.state == .idle)
    }

    @Test("The seat is set busy and idle again: one statusChanged each, though the platform says it too")
    func changedStatus() {
        story.logIn()
        #expect(story.reply(.changeStatus(.busy)) == .success(["result": true]))
        story.notice(#"<cc a="2"/>"#)
        #expect(story.bodies == [#"<cc a="2"/>"#])
        #expect(story.events == [Event.Content(.statusChanged, data: ["status": 2])])
        #expect(story.seat.state == .busy)
        #expect(story.reply(.changeStatus(.idle)) == .success(["result": true]))
        #expect(story.seat.state == .idle)
        #expect(story.takeEvents() == ["statusChanged", "statusChanged"])
    }

    @Test("A status outlives a lost connection: it is the one set at the next registration")
    func statusKept() {
        story.logIn()
        story.command(.changeStatus(.busy))
        story.loseConnection()
        story.advance(by: .seconds(60))
        #expect(story.bodies.contains(#"<cc a="52"/>"#))
        #expect(story.bodies.filter { $0 == #"<cc a="2"/>"# }.count == 2)
    }

    @Test("A status the platform refuses, or does not answer, or that comes at the wrong time is not set")
    func statusNotSet() {
        let code = SDKCode.changeStatusFailed
        #expect(story.reply(.changeStatus(.busy)) == .failure(.notLoggedIn.with(code: code)))
        story.logIn()
        story.answersMessages = 500
        #expect(story.reply(.changeStatus(.busy)) == .failure(.platformRefused(status: 500).with(code: code)))
        story.answersMessages = nil
        let command = story.command(.changeStatus(.busy))
        story.advance(by: .seconds(10))
        #expect(story.replies[command] == .failure(.platformSilent.with(code: code)))
        #expect(story.seat.state == .idle)
        story.answersMessages = 200
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        #expect(story.reply(.changeStatus(.busy)) == .failure(.wrongState.with(code: code)))
    }
}
