import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("transferPBXCall: the outcome is the answer")
struct TransferStories {
    private let story = Story()
    private let transfer = Command.transferPBXCall(.init(gid: "2069", transNumber: "1023", ccNumber: "7"))
    private static let code = SDKCode.transferFailed

    private func talk() {
        story.logIn()
        story.talk()
    }

    @Test("31, then 38: transferCallSuccess; 105 and BYE end our part")
    func success() {
        talk()
        let command = story.command(transfer)
        #expect(story.bodies.last == #"<cc a="31" c="7" g="2069_65656" n="1023_00010078"/>"#)
        #expect(story.replies[command] == nil)
        story.advance(by: .seconds(20))
        story.notice(#"<cc a="38" c="7" n="1023"/>"#)
        let outcome: JSON = ["type": "transferCallSuccess", "data": ["a": "38", "c": "7", "n": "1023"]]
        #expect(story.replies[command] == .success(outcome))
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])
    }

    @Test("39: transferCallFaild, and the call goes on")
    func failure() {
        talk()
        let command = story.command(transfer)
        story.notice(#"<cc a="39" c="7"/>"#)
        let outcome: JSON = ["type": "transferCallFaild", "data": ["a": "39", "c": "7"]]
        #expect(story.replies[command] == .failure(.transferFailed(outcome)))
        #expect(story.seat.state == .talking)
        story.notice(#"<cc a="38" c="7"/>"#)
        #expect(story.takeEvents() == [])
    }

    @Test("The outcome is waited for a minute; a message that is not taken fails at once, or after ten seconds")
    func noOutcome() {
        talk()
        let silent = story.command(transfer)
        story.advance(by: .seconds(60))
        #expect(story.replies[silent] == .failure(.platformSilent.with(code: Self.code)))
        story.answersMessages = 404
        #expect(story.reply(transfer) == .failure(.platformRefused(status: 404).with(code: Self.code)))
        story.answersMessages = nil
        let lost = story.command(transfer)
        story.advance(by: .seconds(10))
        #expect(story.replies[lost] == .failure(.platformSilent.with(code: Self.code)))
        #expect(story.seat.state == .talking)
    }

    @Test("An outcome that overtakes the answer to the message counts")
    func answerLost() {
        talk()
        story.answersMessages = nil
        let command = story.command(transfer)
        story.notice(#"<cc a="38" c="7"/>"#)
        guard case .success? = story.replies[command] else {
            Issue.record("no success")
            return
        }
        story.advance(by: .seconds(60))
        #expect(story.seat.deadline.map { $0 > story.now.instant } ?? true)
    }

    @Test("The call ends meanwhile: an outcome that comes at once still counts, else there is no such call any more")
    func callEnds() {
        talk()
        let transferred = story.command(transfer)
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        story.notice(#"<cc a="38" c="7"/>"#)
        guard case .success? = story.replies[transferred] else {
            Issue.record("no success")
            return
        }
        story.talk("8")
        let lost = story.command(.transferPBXCall(.init(gid: "1", transNumber: "1023", ccNumber: "8")))
        story.notice(#"<cc a="105" c="8" r="25"/>"#)
        story.advance(by: .seconds(5))
        #expect(story.replies[lost] == .failure(.noSuchCall.with(code: Self.code)))
        #expect(story.seat.state == .idle)
    }

    @Test("Nothing is sent where there is nothing to hand over, nor twice for one call")
    func wrongState() {
        #expect(story.reply(transfer) == .failure(.notLoggedIn.with(code: Self.code)))
        story.logIn()
        #expect(story.reply(transfer) == .failure(.noSuchCall.with(code: Self.code)))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.reply(transfer) == .failure(.wrongState.with(code: Self.code)))
        #expect(story.bodies == [])
        story.notice(#"<cc a="101" c="7"/>"#)
        story.talk()
        let first = story.command(transfer)
        let sent = story.bodies
        #expect(story.reply(transfer) == .failure(.wrongState.with(code: Self.code)))
        #expect(story.bodies == sent)
        story.command(.logout)
        #expect(story.replies[first] == .failure(.notLoggedIn.with(code: Self.code)))
    }
}
