import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("What the other side hears: silence while muted")
struct SoundingStories {
    private let story = Story()

    private func talk() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
    }

    @Test("Muted and unmuted here, without a word to the platform, though there is no connection")
    func muted() {
        talk()
        let sent = story.bodies
        #expect(story.reply(.mute(ccNumber: "7")) == .success(["result": true]))
        #expect(Array(story.mutedLegs) == story.openLegs)
        let calls = story.seat.snapshot(at: story.now) { _ in nil }["calls"]
        #expect(calls?.array?.first?["muted"] == true)
        #expect(story.reply(.mute(ccNumber: "7")) == .success(["result": true]))
        story.acceptsConnections = false
        story.loseConnection()
        #expect(story.reply(.unmute(ccNumber: "7")) == .success(["result": true]))
        #expect(story.mutedLegs == [])
        #expect(story.bodies == sent)
    }

    @Test("A new leg of a muted call is muted too")
    func newLeg() {
        talk()
        story.command(.mute(ccNumber: "7"))
        story.invite(for: "7")
        #expect(story.openLegs.count == 1)
        #expect(story.openLegs.allSatisfy(story.mutedLegs.contains))
    }

    @Test("Only a call that is connected can be recorded; how far calls are is told with their legs")
    func recorded() {
        story.logIn()
        #expect(story.reply(.startRecording(ccNumber: "7")) == .failure(.noSuchCall))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.seat.progress == [CallProgress(id: "7", isOutgoing: false, phase: .offered)])
        #expect(story.reply(.startRecording(ccNumber: "7")) == .failure(.wrongState))
        story.command(.answerPBXCall(ccNumber: "7"))
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="138"/>"#)
        let leg = story.openLegs.first
        #expect(story.seat.progress == [CallProgress(id: "7", isOutgoing: false, phase: .connected, leg: leg)])
        #expect(story.reply(.startRecording(ccNumber: "7")) == .success(["result": true]))
        #expect(story.recorded == ["7"])
        #expect(story.reply(.stopRecording(ccNumber: "7")) == .success(["result": true]))
        #expect(story.recorded == [])
    }

    @Test("Only a call that is connected can be muted")
    func nothingToMute() {
        #expect(story.reply(.mute(ccNumber: "7")) == .failure(.notLoggedIn))
        story.logIn()
        #expect(story.reply(.mute(ccNumber: "7")) == .failure(.noSuchCall))
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        #expect(story.reply(.mute(ccNumber: "7")) == .failure(.wrongState))
    }
}
