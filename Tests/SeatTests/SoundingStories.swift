import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("What the other side hears: silence while muted, and keys")
struct SoundingStories {
    private let story = Story()

    private func talk() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
    }

    private func send(_ key: String) throws -> Command { .sendDTMF(try #require(Command.Tone(key))) }

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

    @Test("A key is an INFO in the call (platform protocol §3.3)")
    func key() throws {
        talk()
        #expect(story.reply(try send("#")) == .success(["result": true]))
        #expect(story.infos.map(\.text) == ["Signal=#\r\nDuration=100\r\n"])
        #expect(story.infos.first?.headers[.contentType] == "application/dtmf-relay")
    }

    @Test("One key at a time, and only where somebody listens")
    func keysApart() throws {
        #expect(story.reply(try send("1")) == .failure(.notLoggedIn))
        story.logIn()
        #expect(story.reply(try send("1")) == .failure(.wrongState))
        talk()
        story.command(.hold(ccNumber: "7"))
        #expect(story.reply(try send("1")) == .failure(.wrongState))
        story.command(.unhold(ccNumber: "7"))
        story.answersMessages = nil
        let first = story.command(try send("1"))
        #expect(story.reply(try send("2")) == .failure(.wrongState))
        #expect(story.infos.count == 1)
        story.advance(by: .seconds(10))
        #expect(story.replies[first] == .failure(.platformSilent.with(code: .serverError)))
        story.answersMessages = 415
        #expect(story.reply(try send("2")) == .failure(.platformRefused(status: 415).with(code: .serverError)))
    }

    @Test("A key is one of sixteen", arguments: ["", "11", "110#", "E", "a", "一", "1\u{301}"])
    func noKey(text: String) {
        #expect(Command.Tone(text) == nil)
    }
}
