import Testing
import Wire

@testable import Simulator

@Suite("A seat's call as the platform sees it (platform protocol §6)")
struct SimulatorSeatCallTests {
    private let start = Instant(nanoseconds: 0)

    private func call(_ kind: SeatCall.Kind, _ inputs: SeatCall.Input...) -> SeatCall {
        var call = SeatCall(kind, ccNumber: "cc1", number: "10010", patience: .seconds(15))
        for input in inputs { _ = call.handle(input, at: start) }
        return call
    }

    private func notice(_ code: String, reason: String? = nil) -> SeatCall.Output {
        var element = Element("cc", ["a": code, "c": "cc1", "n": "10010"])
        if let reason { element.attributes.append(Element.Attribute(name: "r", value: reason)) }
        return .tell(element)
    }

    @Test("Outgoing: 201, INVITE and INFO, the customer rings, 104, and 105 with r=25 when the customer hangs up")
    func outgoing() {
        var call = call(.outside)
        #expect(
            call.handle(.begin, at: start) == [
                .tell(Element("cc", ["a": "201", "r": "200", "c": "cc1", "n": "10010"])), .makeOffer,
            ])
        #expect(call.handle(.offerMade("offer"), at: start) == [.invite(offer: "offer")])
        #expect(call.handle(.legAnswered("answer"), at: start) == [.acceptAnswer("answer"), .identifyLeg, .ringParty])
        #expect(call.deadline == start + .seconds(15))
        #expect(call.handle(.partyAnswered, at: start) == [notice("104"), .connectParty])
        #expect(
            call.handle(.partyHungUp, at: start) == [
                .hangUpLeg, notice("105", reason: "25"), .closeMedia, .tellParty(.hungUp),
            ])
        #expect(call.isOver)
    }

    @Test("A customer who does not answer in time gives 105 with r=20, a colleague 309 before it")
    func notConnected() {
        let end = [notice("105", reason: "20"), .closeMedia, .tellParty(.hungUp)]
        var outside = call(.outside, .begin, .offerMade(""), .legAnswered(""))
        #expect(outside.handle(.deadlineReached, at: start + .seconds(14)) == [])
        #expect(outside.handle(.deadlineReached, at: start + .seconds(15)) == [.hangUpLeg] + end)
        var inside = call(.inside, .begin, .offerMade(""), .legAnswered(""))
        #expect(inside.handle(.partyRefused, at: start) == [.hangUpLeg, notice("309")] + end)
    }

    @Test("Who hangs up first decides r: 26 for the agent by 106 or by BYE alone, 20 before the answer")
    func agentHangsUp() {
        let talking = call(.outside, .begin, .offerMade(""), .legAnswered(""), .partyAnswered)
        let end = [notice("105", reason: "26"), .closeMedia, .tellParty(.hungUp)]
        var byMessage = talking
        #expect(byMessage.handle(.hangUp, at: start) == [.hangUpLeg] + end)
        #expect(byMessage.handle(.legEnded, at: start) == [])
        var byBye = talking
        #expect(byBye.handle(.legEnded, at: start) == end)
        var early = call(.outside, .begin, .offerMade(""))
        #expect(
            early.handle(.hangUp, at: start) == [
                .hangUpLeg, notice("105", reason: "20"), .closeMedia, .tellParty(.hungUp),
            ])
    }

    @Test("Incoming: 100 each second, 102 brings the INVITE, its answer 104")
    func incoming() {
        var call = call(.incoming)
        #expect(call.handle(.begin, at: start) == [notice("100")])
        #expect(call.deadline == start + .seconds(1))
        #expect(call.handle(.deadlineReached, at: start + .seconds(1)) == [notice("100")])
        #expect(call.deadline == start + .seconds(2))
        #expect(call.handle(.answer, at: start + .milliseconds(1500)) == [.makeOffer])
        #expect(call.deadline == nil)
        #expect(call.handle(.offerMade("offer"), at: start) == [.invite(offer: "offer")])
        #expect(
            call.handle(.legAnswered("answer"), at: start) == [
                .acceptAnswer("answer"), .identifyLeg, notice("104"), .connectParty, .tellParty(.answered),
            ])
    }

    @Test("An incoming call ends with 101, said twice, when it is refused, given up or not answered")
    func cancelled() {
        let ringing = call(.incoming, .begin)
        var refused = ringing
        #expect(refused.handle(.hangUp, at: start) == [notice("101"), notice("101"), .tellParty(.refused)])
        var givenUp = ringing
        #expect(givenUp.handle(.partyHungUp, at: start) == [notice("101"), notice("101")])
        var unanswered = ringing
        #expect(
            unanswered.handle(.deadlineReached, at: start + .seconds(15)) == [
                notice("101"), notice("101"), .tellParty(.refused),
            ])
    }

    @Test("A seat that is gone ends its call without a notice")
    func seatLost() {
        var call = call(.outside, .begin, .offerMade(""), .legAnswered(""), .partyAnswered)
        #expect(call.handle(.seatLost, at: start) == [.closeMedia, .tellParty(.hungUp)])
        #expect(call.handle(.partyHungUp, at: start) == [])
    }
}
