import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("Work after a call, and the seat's mode")
struct AfterCallStories {
    private let story = Story()

    private var hasWork: JSON? {
        story.seat.snapshot(at: story.now) { _ in nil }["calls"]?.array?.first?["afterCall"]
    }

    @Test("Set and cancelled during a call, true when the platform's 87 says r 200 (platform protocol §3)")
    func setAndCancelled() {
        story.logIn()
        story.talk()
        let set = story.command(.setAfterCallStatus(ccNumber: "7"))
        #expect(story.bodies.last == #"<cc a="87" c="7" s="2"/>"#)
        #expect(story.replies[set] == nil)
        story.notice(#"<cc a="87" r="200"/>"#)
        #expect(story.replies[set] == .success(["result": true]))
        #expect(hasWork == true)
        let cancelled = story.command(.cancelAfterCallStatus(ccNumber: "7"))
        #expect(story.bodies.last == #"<cc a="87" c="7" s="-1"/>"#)
        story.notice(#"<cc a="87" r="200"/>"#)
        #expect(story.replies[cancelled] == .success(["result": true]))
        #expect(hasWork == false)
    }

    @Test("Refused in the notice or to the message, and not answered: 52006, cancelled 52007")
    func failures() {
        story.logIn()
        story.talk()
        let unwilling = story.command(.setAfterCallStatus(ccNumber: "7"))
        story.notice(#"<cc a="87" r="500"/>"#)
        #expect(story.replies[unwilling] == .failure(.platformUnwilling.with(code: .afterCallFailed)))
        #expect(hasWork == false)
        story.answersMessages = 403
        let refusal = Problem.platformRefused(status: 403).with(code: .afterCallFailed)
        #expect(story.reply(.setAfterCallStatus(ccNumber: "7")) == .failure(refusal))
        story.answersMessages = 200
        let silent = story.command(.setAfterCallStatus(ccNumber: "7"))
        story.advance(by: .seconds(10))
        #expect(story.replies[silent] == .failure(.platformSilent.with(code: .afterCallFailed)))
        story.command(.setAfterCallStatus(ccNumber: "7"))
        story.notice(#"<cc a="87" r="200"/>"#)
        let cancelled = story.command(.cancelAfterCallStatus(ccNumber: "7"))
        story.advance(by: .seconds(10))
        #expect(story.replies[cancelled] == .failure(.platformSilent.with(code: .afterCallCancelFailed)))
        #expect(hasWork == true)
    }

    @Test("Nothing is sent without a call that talks, nor what would change nothing")
    func wrongState() {
        let code = SDKCode.afterCallFailed
        #expect(story.reply(.setAfterCallStatus(ccNumber: "7")) == .failure(.notLoggedIn.with(code: code)))
        story.logIn()
        #expect(story.reply(.setAfterCallStatus(ccNumber: "7")) == .failure(.noSuchCall.with(code: code)))
        story.talk()
        let sent = story.bodies
        let cancel = story.reply(.cancelAfterCallStatus(ccNumber: "7"))
        #expect(cancel == .failure(.wrongState.with(code: .afterCallCancelFailed)))
        #expect(story.bodies == sent)
        story.notice(#"<cc a="87" r="200"/>"#)
        #expect(hasWork == false)
    }

    @Test("The seat's mode is set for who is called back, and told again at the next registration")
    func mode() {
        let code = SDKCode.seatModeFailed
        #expect(story.reply(.setSeatMode(.mobile)) == .failure(.notLoggedIn.with(code: code)))
        story.logIn()
        #expect(story.reply(.setSeatMode(.mobile)) == .failure(.wrongState.with(code: code)))
        #expect(story.reply(.setSeatMode(.fixed)) == .success(["result": true]))
        #expect(story.bodies == [#"<cc a="52"/>"#])

        let other = Story()
        other.logIn(telephone: .callback(number: "13800138000"))
        other.answersMessages = 500
        #expect(other.reply(.setSeatMode(.mobile)) == .failure(.platformRefused(status: 500).with(code: code)))
        other.answersMessages = 200
        #expect(other.reply(.setSeatMode(.mobile)) == .success(["result": true]))
        other.loseConnection()
        other.advance(by: .seconds(2))
        #expect(other.bodies.suffix(3) == [#"<cc a="1"/>"#, #"<cc a="51"/>"#, #"<cc a="53" g="2033_65656"/>"#])
    }

    @Test("The seats of the group are in the snapshot, as the platform said them last")
    func group() {
        story.logIn()
        story.notice(#"<cc a="82" n="2033" i="1"><u n="1007" m="52" s="1" b="30"/></cc>"#)
        let seats = story.seat.snapshot(at: story.now) { _ in nil }["groupSeats"]
        #expect(seats == [["n": "1007", "m": "52", "s": "1", "b": "30"]])
        story.command(.logout)
        #expect(story.seat.snapshot(at: story.now) { _ in nil }["groupSeats"] == [])
    }
}
