import SIP
import Simulator
import Testing
import Wire

@Suite("The simulated platform's registrar")
struct SimulatorRegistrarTests {
    @Test("A seat that keeps its registration stays online for hours, its nonces changing on the way")
    func kept() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.wait(.seconds(3 * 3600))
        guard case .registered = story.registrations[seat] else {
            Issue.record("\(String(describing: story.registrations[seat]))")
            return
        }
        #expect(story.platform.state["seats"]?.array?.count == 1)
        #expect(story.news(seat) == [#"<cc a="1"/>"#])
    }

    @Test("A seat that falls silent is offline when its registration ends")
    func expired() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.silence(seat)
        story.wait(.seconds(59))
        #expect(story.platform.state["seats"]?.array?.count == 1)
        story.wait(.seconds(1))
        #expect(story.platform.state["seats"] == [])
    }

    @Test("A telephone that comes back on another connection takes its own place and is not thrown out")
    func back() {
        var story = SimulatorStory()
        let first = story.connect("1001", instanceID: "urn:uuid:1")
        let second = story.connect("1001", instanceID: "urn:uuid:1")
        let other = story.connect("1001", instanceID: "urn:uuid:2")
        #expect(story.news(first) == [])
        #expect(story.news(second) == [#"<o><a><u n="1001" a="o" nm="坐席1001" r="895"/></a></o>"#])
        story.disconnect(second)
        #expect(story.platform.state["seats"]?.array?.count == 1)
        story.drive(.unregister, other)
        #expect(story.registrations[other] == .unregistered)
        #expect(story.platform.state["seats"] == [])
    }

    @Test("Too short a registration is made as long as the platform wants it")
    func brief() {
        var story = SimulatorStory()
        let seat = story.connect("1001", expires: .seconds(10))
        #expect(story.registrations[seat] == .registered(until: Instant(nanoseconds: 60_000_000_000)))
    }
}
