import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("How it stands with the registrar")
struct RegistrationStories {
    private func registrar(_ story: Story) -> JSON? {
        story.seat.snapshot(at: story.now) { _ in nil }["registrar"]
    }

    private func registration(_ story: Story) -> JSON? {
        story.seat.snapshot(at: story.now) { _ in nil }["registration"]
    }

    /// Unix time that many seconds from now.
    private func time(_ story: Story, in seconds: Int64) -> JSON { .integer(story.now.unixSeconds + seconds) }

    @Test("Nobody is logged in, then registered until a time that moves with every refresh")
    func registered() {
        let story = Story()
        #expect(registrar(story) == .null)
        story.logIn()
        let granted: JSON = [
            "state": "registered", "until": time(story, in: 300), "nextTryAt": nil, "status": nil, "reason": nil,
        ]
        #expect(registrar(story) == granted)
        story.advance(by: .seconds(225))
        #expect(registrar(story)?["until"] == time(story, in: 300))
        #expect(registration(story) == "registered")
        story.command(.logout)
        #expect(registrar(story) == .null)
        #expect(registration(story) == "loggedOut")
    }

    @Test("A refusal is shown with its status, its reason and the time of the next try, which Retry-After puts off")
    func refused() {
        let story = Story()
        story.refusesRegistration = 503
        story.retryAfter = "20"
        story.getUser()
        story.command(.initialize(Story.login))
        let refused: JSON = [
            "state": "failed", "until": nil, "nextTryAt": time(story, in: 20), "status": 503,
            "reason": "Service Unavailable",
        ]
        #expect(registrar(story) == refused)
        #expect(registration(story) == "failed")
        story.refusesRegistration = nil
        story.advance(by: .seconds(19))
        #expect(registrar(story) == refused)
        #expect(story.registrations.count == 1)
        story.advance(by: .seconds(1))
        #expect(registrar(story)?["state"] == "registered")
        #expect(story.takeEvents() == ["register", "register"])
        #expect(story.connects.count == 1)
    }

    @Test("A refresh that is refused leaves the seat online while its binding stands, and no longer")
    func refreshRefused() {
        let story = Story()
        story.logIn()
        story.refusesRegistration = 500
        story.advance(by: .seconds(226))
        #expect(story.takeEvents() == ["register"])
        #expect(registrar(story)?["until"] == time(story, in: 74))
        #expect(registrar(story)?["status"] == 500)
        #expect(story.reply(.checkLogin) == .success(["result": 1]))
        story.advance(by: .seconds(75))
        #expect(story.reply(.checkLogin) == .success(["result": 0]))
        #expect(Set(story.takeEvents()) == ["register", "statusChanged"])
        #expect(registrar(story)?["until"] == .null)
        story.refusesRegistration = nil
        story.advance(by: .seconds(30))
        #expect(story.takeEvents().last == "register")
        story.notice(#"<cc a="1"/>"#)
        #expect(story.reply(.checkLogin) == .success(["result": 1]))
    }

    @Test("logout takes a binding back whose refresh was refused")
    func logoutWhileRefused() {
        let story = Story()
        story.logIn()
        story.refusesRegistration = 500
        story.advance(by: .seconds(226))
        story.refusesRegistration = nil
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.registrations.last?.expires == "0")
        #expect(!story.isConnected)
    }

    @Test("A lost connection is shown as such until the next one")
    func lost() {
        let story = Story()
        story.logIn()
        story.acceptsConnections = false
        story.loseConnection()
        let lost: JSON = [
            "state": "failed", "until": nil, "nextTryAt": nil, "status": nil, "reason": "The connection was lost.",
        ]
        #expect(registrar(story) == lost)
        #expect(registration(story) == "waiting")
    }

    @Test("A registrar that falls silent is told after 32 s and left for another connection")
    func silent() {
        let story = Story()
        story.isDeaf = true
        story.getUser()
        story.command(.initialize(Story.login))
        #expect(registrar(story)?["state"] == "registering")
        story.isDeaf = false
        story.advance(by: .seconds(34))
        #expect(story.events.first?.data["data"]?["reason"] == "The registrar does not answer.")
        #expect(story.connects.count == 2)
        #expect(registrar(story)?["state"] == "registered")
    }
}
