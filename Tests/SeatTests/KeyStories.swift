import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Keys of a telephone, sent and heard")
struct KeyStories {
    private let story = Story()

    private func talk() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
    }

    private func send(_ keys: String) throws -> Command { .sendDTMF(try #require(Command.Keys(keys))) }

    private var signals: [String] { story.infos.map { String($0.text.dropFirst(7).prefix(1)) } }

    @Test("A key is an INFO in the call (platform protocol §3.3)")
    func key() throws {
        talk()
        #expect(story.reply(try send("#")) == .success(["result": true]))
        #expect(story.infos.map(\.text) == ["Signal=#\r\nDuration=100\r\n"])
        #expect(story.infos.first?.headers[.contentType] == "application/dtmf-relay")
    }

    @Test("Several keys go apart from each other, a comma is a second's pause, and the last key's answer is the reply")
    func pacing() throws {
        talk()
        let command = story.command(try send("11,0"))
        #expect(signals == ["1"])
        story.advance(by: .milliseconds(239))
        #expect(signals == ["1"])
        story.advance(by: .milliseconds(1))
        #expect(signals == ["1", "1"])
        story.advance(by: .milliseconds(240))
        story.advance(by: .milliseconds(999))
        #expect(signals == ["1", "1"])
        #expect(story.replies[command] == nil)
        story.advance(by: .milliseconds(1))
        #expect(signals == ["1", "1", "0"])
        #expect(story.replies[command] == .success(["result": true]))
    }

    @Test("One command at a time, and only where somebody listens")
    func oneAtATime() throws {
        #expect(story.reply(try send("1")) == .failure(.notLoggedIn.with(code: .serverError)))
        story.logIn()
        #expect(story.reply(try send("1")) == .failure(.wrongState.with(code: .serverError)))
        talk()
        story.command(.hold(ccNumber: "7"))
        #expect(story.reply(try send("1")) == .failure(.wrongState.with(code: .serverError)))
        story.command(.unhold(ccNumber: "7"))
        story.answersMessages = nil
        let first = story.command(try send("12"))
        #expect(story.reply(try send("2")) == .failure(.wrongState.with(code: .serverError)))
        #expect(story.infos.count == 1)
        story.advance(by: .seconds(10))
        #expect(story.replies[first] == .failure(.platformSilent.with(code: .serverError)))
        story.answersMessages = 415
        #expect(story.reply(try send("23")) == .failure(.platformRefused(status: 415).with(code: .serverError)))
        #expect(story.infos.count == 2)
    }

    @Test("The rest of the keys is not sent to a call that has ended or waits")
    func callEnds() throws {
        talk()
        let held = story.command(try send("1,2"))
        story.command(.hold(ccNumber: "7"))
        story.advance(by: .milliseconds(240))
        story.advance(by: .seconds(1))
        #expect(story.replies[held] == .failure(.wrongState.with(code: .serverError)))
        story.command(.unhold(ccNumber: "7"))
        let ended = story.command(try send("1,2"))
        story.notice(#"<cc a="105" c="7" r="200"/>"#)
        #expect(story.replies[ended] == .failure(.wrongState.with(code: .serverError)))
        #expect(signals == ["1", "1"])
    }

    @Test("In the sound, if so configured: the audio sends each key, and the reply comes after the last")
    func inSound() throws {
        let story = Story(keyTransport: .rtp)
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.keyTime = .milliseconds(420)
        let command = story.command(try send("1#"))
        story.advance(by: .milliseconds(419))
        #expect(story.pressedKeys == ["1"])
        story.advance(by: .milliseconds(1))
        #expect(story.pressedKeys == ["1", "#"])
        story.advance(by: .milliseconds(419))
        #expect(story.replies[command] == nil)
        story.advance(by: .milliseconds(1))
        #expect(story.replies[command] == .success(["result": true]))
        #expect(story.infos.isEmpty)
        story.takesKeys = false
        #expect(story.reply(try send("12")) == .failure(.keysNotTaken.with(code: .serverError)))
        // A key that waits for sound is not sent once the command has failed.
        story.takesKeys = nil
        let late = story.command(try send("12"))
        story.advance(by: .milliseconds(14_999))
        #expect(story.replies[late] == nil)
        story.advance(by: .milliseconds(1))
        #expect(story.replies[late] == .failure(.platformSilent.with(code: .serverError)))
        #expect(story.keysEnd == story.now.instant)
    }

    @Test("A key that has waited for sound has its time before the next one, too")
    func waits() throws {
        let story = Story(keyTransport: .rtp)
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.takesKeys = nil
        story.command(try send("12"))
        story.advance(by: .seconds(5))
        story.takesKeys = true
        story.feed(.keyPressed(try #require(story.openLegs.first), taking: .milliseconds(240)))
        story.advance(by: .milliseconds(239))
        #expect(story.pressedKeys == [])
        story.advance(by: .milliseconds(1))
        #expect(story.pressedKeys == ["2"])
    }

    @Test("The other side's keys are events")
    func heard() throws {
        talk()
        story.feed(.keyReceived(try #require(story.openLegs.first), "5"))
        #expect(story.events.last == Event.Content(.dtmf, data: ["ccNumber": "7", "key": "5"]))
    }

    @Test(
        "What is a string of keys",
        arguments: ["0", "110#", "*A1B2C3D", ",,9", "1,2,3", String(repeating: "1", count: 32)])
    func keys(text: String) {
        #expect(Command.Keys(text)?.keys == Array(text))
    }

    @Test(
        "What is none",
        arguments: ["", ",", "E", "a", "一", "1\u{301}", "1 2", String(repeating: "1", count: 33)])
    func noKeys(text: String) {
        #expect(Command.Keys(text) == nil)
    }
}
