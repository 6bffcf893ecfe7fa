import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("A call's audio moves to other addresses of the machine")
struct MovingStories {
    private func talking() throws -> (Story, LegID) {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "7"))
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        return (story, try #require(story.openLegs.first))
    }

    @Test("The platform is offered the new ones in a re-INVITE, and its answer goes to the leg (RFC 8839 §4.4.1.1.1)")
    func moves() throws {
        let (story, leg) = try talking()
        story.feed(.legOffers(leg, sdp: "v=0 new"))
        #expect(story.legOffers == ["v=0 new"])
        #expect(story.legAnswersTaken == ["v=0 moved"])
        story.advance(by: .seconds(60))
        #expect(story.legOffers.count == 1)
        #expect(story.openLegs == [leg])
    }

    @Test("The platform may refuse: the call goes on as it is (RFC 3261 §14.1)") func refused() throws {
        let (story, leg) = try talking()
        story.answersOffers = 488
        story.feed(.legOffers(leg, sdp: "v=0 new"))
        #expect(story.legAnswersTaken == [nil])
        #expect(story.openLegs == [leg])
    }

    @Test("While the connection is being made again the offer waits for the registration") func offline() throws {
        let (story, leg) = try talking()
        story.acceptsConnections = false
        story.feed(.disconnected(reason: "reset", isAnswered: true))
        story.feed(.legOffers(leg, sdp: "v=0 new"))
        #expect(story.legOffers == [])
        story.acceptsConnections = true
        story.advance(by: .seconds(40))
        #expect(story.legOffers == ["v=0 new"])
        #expect(story.legAnswersTaken == ["v=0 moved"])
    }

    @Test("An offer of the platform's that is being answered comes first", arguments: [true, false])
    func collision(isTaken: Bool) throws {
        let (story, leg) = try talking()
        let call = try #require(story.legAnswers.keys.first)
        story.offersMedia = false
        story.inCall(call, .invite, "v=0 theirs", type: "application/sdp")
        story.feed(.legOffers(leg, sdp: "v=0 new"))
        #expect(story.legOffers == [])
        story.feed(
            isTaken ? .legAnswered(leg, sdp: "v=0 ours") : .legRefused(leg, warning: Warning(code: 399, text: "busy")))
        #expect(story.answersInCall.last?.status == (isTaken ? 200 : 488))
        #expect(story.legOffers == ["v=0 new"])
        #expect(story.legAnswersTaken == ["v=0 moved"])
    }

    @Test("Candidates that trickle in by INFO go to their leg, and are no notice (RFC 8840 §4.3)") func trickled()
        throws
    {
        let (story, _) = try talking()
        let call = try #require(story.legAnswers.keys.first)
        #expect(story.legAnswers[call]?.headers["Recv-Info"] == "trickle-ice")
        let fragment = "a=ice-ufrag:abcd\r\na=end-of-candidates\r\n"
        story.inCall(call, .info, fragment, type: "application/trickle-ice-sdpfrag", package: "trickle-ice")
        #expect(story.fragments == [fragment])
    }

    @Test("A leg that is gone has nothing to offer") func gone() throws {
        let (story, leg) = try talking()
        story.command(.terminate(ccNumber: "7"))
        story.notice(#"<cc a="105" c="7" r="26"/>"#)
        #expect(story.openLegs == [])
        story.feed(.legOffers(leg, sdp: "v=0 new"))
        #expect(story.legOffers == [])
    }
}
