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
        #expect(story.takeEvents() == ["statusChanged"])
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

@Suite("Each step of the registration is an event")
struct RegistrationEventStories {
    @Test("Logging in, refreshing and logging out: each change once, with all the snapshot shows")
    func inOrder() {
        let story = Story()
        story.logIn()
        #expect(
            story.takeSteps() == ["connecting unregistered", "registering registering", "registered registered"])
        story.advance(by: .seconds(224))
        #expect(story.steps == [])
        story.advance(by: .seconds(1))
        let until = story.now.unixSeconds
        #expect(story.steps.map { $0["registrar"]?["until"] } == [.integer(until + 75), .integer(until + 300)])
        #expect(story.takeSteps() == ["registered refreshing", "registered registered"])
        story.command(.logout)
        #expect(
            story.steps.last == ["registration": "loggedOut", "connection": .null, "registrar": .null])
        #expect(story.takeSteps() == ["loggingOut unregistering", "loggingOut unregistered", "loggedOut"])
    }

    @Test("A registrar that refuses is told with its status and the time of the next try; a final one ends the login")
    func refused() {
        let story = Story()
        story.refusesRegistration = 503
        story.retryAfter = "20"
        story.getUser()
        story.command(.initialize(Story.login))
        #expect(story.steps.last?["registrar"]?["nextTryAt"] == .integer(story.now.unixSeconds + 20))
        #expect(
            story.takeSteps() == ["connecting unregistered", "registering registering", "failed failed 503"])
        story.refusesRegistration = 403
        story.advance(by: .seconds(20))
        #expect(story.takeSteps() == ["registering registering", "failed failed 403", "loggedOut"])
    }

    @Test("A lost connection, its reason, each gateway tried, and the registration on the one that works")
    func lost() {
        let story = Story(socketURI: nil)
        story.getUser()
        var login = Story.login
        login.socketUri = "wss://one.example,wss://two.example"
        story.command(.initialize(login))
        _ = story.takeSteps()
        story.unreachable = ["wss://one.example"]
        story.loseConnection()
        story.advance(by: .seconds(2))
        let gateways = story.steps.map { $0["connection"]?["gateway"] }
        #expect(
            gateways == [
                "wss://one.example", "wss://one.example", "wss://two.example", "wss://two.example", "wss://two.example",
            ])
        #expect(
            story.takeSteps() == [
                "waiting failed (reset)", "connecting failed (reset)", "connecting failed (unreachable)",
                "registering registering (unreachable)", "registered registered",
            ])
    }

    @Test("A new local address, and an answer that never comes")
    func otherFailures() {
        let story = Story()
        story.logIn()
        _ = story.takeSteps()
        story.localAddress = IPAddress("198.51.100.7")
        story.replacePlatform()
        story.feed(.networkChanged(addresses: [story.localAddress].compactMap(\.self)))
        let gone = "(The local address of the connection is gone.)"
        #expect(
            story.takeSteps() == [
                "connecting failed \(gone)", "registering registering \(gone)", "registered registered",
            ])
        story.isDeaf = true
        story.advance(by: .seconds(257))
        #expect(
            story.takeSteps() == [
                "registered refreshing", "failed failed", "waiting failed (The registrar does not answer.)",
            ])
    }

    @Test("A probe and a connection that stays are no step; kicked off is one")
    func quiet() {
        let story = Story()
        story.logIn()
        _ = story.takeSteps()
        story.feed(.networkChanged(addresses: [story.localAddress].compactMap(\.self)))
        #expect(story.probes == 1)
        #expect(story.steps == [])
        story.notice(#"<o><a><u n="1006_00010078" a="o" nm="Li" r="895"/></a></o>"#)
        #expect(story.takeSteps() == ["loggedOut"])
    }

    @Test(
        "Of a registrar that refuses all night it is the same, and clients of the SDK are told once until it gives in")
    func longRefusal() {
        let story = Story()
        story.refusesRegistration = 503
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(8 * 3600))
        let rounds = story.registrations.count
        #expect(rounds > 1024)
        #expect(story.takeSteps().count { $0 == "failed failed 503" } == 7 + 8)
        #expect(story.takeEvents().count { $0 == "register" } == 1)
        #expect(story.diagnostics.count { if case .registration = $0 { true } else { false } } == 1 + 2 * (7 + 8))
        story.refusesRegistration = nil
        story.advance(by: .seconds(30))
        #expect(story.takeSteps().last == "registered registered")
        #expect(story.takeEvents().contains("register"))
    }

    @Test("Of a long outage every attempt is told at first, then ever fewer; its end is told whole")
    func longOutage() {
        let story = Story()
        story.unreachable = ["wss://gateway.example"]
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(3600))
        let counts = story.steps.map { $0["connection"]?["failures"]?.lenientInteger ?? -1 }
        let rounds = (1...7).flatMap { [Int64($0), Int64($0)] }
        #expect(counts == [0] + rounds + [8, 16, 32, 64, 128, 256, 512, 1024, 2048])
        _ = story.takeSteps()
        story.unreachable = []
        story.advance(by: .seconds(2))
        #expect(story.takeSteps() == ["registering registering (unreachable)", "registered registered"])
    }
}
