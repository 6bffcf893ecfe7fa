import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("Calls answered without the agent, as the enterprise says (allow_auto_answer)")
struct AutoAnswerStories {
    private let story = Story()

    init() {
        story.profile = #"{"allow_auto_answer":"1","auto_answer_duration":"3"}"#
        story.logIn()
    }

    @Test("After the time the enterprise says, counted from the first offer")
    func answered() {
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.advance(by: .seconds(2))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.bodies == [])
        story.advance(by: .seconds(1))
        #expect(story.bodies == [#"<cc a="102" c="7"/>"#])
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        #expect(story.takeEvents() == ["callEvent newPBXCall", "callEvent answeredPBXCall"])
    }

    @Test("Not if the agent has answered or refused, or the caller given up")
    func settledBefore() {
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "7"))
        story.advance(by: .seconds(3))
        #expect(story.bodies == [#"<cc a="102" c="7"/>"#])
        story.notice(#"<cc a="101" c="7"/>"#)
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.notice(#"<cc a="101" c="8"/>"#)
        story.advance(by: .seconds(10))
        #expect(story.bodies.count == 1)
    }

    @Test("A call that rings during another is answered when that one ends")
    func waits() {
        story.talk()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.advance(by: .seconds(5))
        #expect(story.seat.state == .talking)
        #expect(!story.bodies.contains(#"<cc a="102" c="8"/>"#))
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        story.advance(by: .zero)
        #expect(story.bodies.last == #"<cc a="102" c="8"/>"#)
    }

    @Test("It is tried once: what the platform refuses is left to the agent")
    func refused() {
        story.answersMessages = 500
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.advance(by: .seconds(30))
        #expect(story.bodies == [#"<cc a="102" c="7"/>"#])
        #expect(story.seat.state == .ringing)
        story.answersMessages = 200
        #expect(story.reply(.answerPBXCall(ccNumber: "7")) == .success(["result": true]))
    }
}
