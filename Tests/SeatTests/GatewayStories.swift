import ControlAPI
import Dialect
import Testing
import Wire

@testable import Seat

@Suite("The way to the gateway")
struct GatewayStories {
    private static let one = "wss://one.example"
    private static let two = "wss://two.example"

    private func logIn(_ story: Story, socketUri: String) -> Result<JSON, Problem>? {
        story.getUser()
        var login = Story.login
        login.socketUri = socketUri
        return story.reply(.initialize(login))
    }

    private func connection(_ story: Story) -> JSON? {
        story.seat.snapshot(at: story.now) { _ in nil }["connection"]
    }

    @Test("Several gateways are tried in order, without a word to subscribers while one is left")
    func inOrder() {
        let story = Story(socketURI: nil)
        story.unreachable = [Self.one]
        #expect(logIn(story, socketUri: "\(Self.one), \(Self.two)") == .success(["result": true]))
        #expect(story.connects == [Self.one, Self.two])
        #expect(story.events == [.registered])
        #expect(connection(story)?["gateway"] == .string(Self.two))
        #expect(connection(story)?["localAddress"] == "192.0.2.7")

        story.loseConnection()
        story.advance(by: .seconds(2))
        #expect(story.connects == [Self.one, Self.two, Self.one, Self.two])
    }

    @Test("A gateway whose registrar does not work is passed over as well")
    func brokenRegistrar() {
        let story = Story(socketURI: nil)
        story.refusesRegistration = 500
        _ = logIn(story, socketUri: "\(Self.one),\(Self.two)")
        #expect(story.connects == [Self.one, Self.two])
        #expect(story.events.map(\.data["code"]) == [51000])
        story.refusesRegistration = nil
        story.advance(by: .seconds(2))
        #expect(story.connects == [Self.one, Self.two, Self.one])
        #expect(story.events.last == .registered)
    }

    @Test(
        "No gateway, one that is none and more than eight are refused", arguments: ["", "wss://a,", "http://a", "nine"])
    func nonsense(uris: String) {
        let story = Story(socketURI: nil)
        let text = uris == "nine" ? Array(repeating: Self.one, count: 9).joined(separator: ",") : uris
        guard case .failure(let problem) = logIn(story, socketUri: text) else {
            Issue.record("accepted")
            return
        }
        #expect(problem.name == "invalid-parameter")
        #expect(story.connects == [])
    }

    @Test("A gateway that says no is asked with pauses up to 30 s, one that says nothing every two seconds at most")
    func pauses() {
        let story = Story()
        story.acceptsConnections = false
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(600))
        #expect(20...46 ~= story.connects.count)
        #expect(connection(story)?["state"] == "waiting")
        #expect(connection(story)?["failure"] == "refused")

        story.unreachable = ["wss://gateway.example"]
        story.advance(by: .seconds(30))
        let before = story.connects.count
        story.advance(by: .seconds(60))
        #expect(30...60 ~= story.connects.count - before)
        story.unreachable = []
        story.acceptsConnections = true
        story.advance(by: .seconds(2))
        #expect(story.events.last == .registered)
        #expect(connection(story)?["failure"] == .null)
        #expect(connection(story)?["failures"] == 0)
    }

    @Test("Subscribers hear why there is no registration once, not again at every attempt, and again when it changes")
    func toldOnce() {
        let story = Story()
        story.logIn()
        story.acceptsConnections = false
        story.loseConnection()
        story.advance(by: .seconds(300))
        #expect(story.events.compactMap { $0.data["data"]?["reason"] } == ["reset", "refused"])
    }

    @Test("A change of the network ends the pause at once, but no two attempts come within a second")
    func networkIsBack() {
        let story = Story()
        story.acceptsConnections = false
        story.getUser()
        story.command(.initialize(Story.login))
        story.advance(by: .seconds(200))
        let before = story.connects.count
        let addresses = [story.localAddress].compactMap(\.self)
        for _ in 0..<5 { story.feed(.networkChanged(addresses: addresses)) }
        story.advance(by: .milliseconds(1100))
        #expect(1...2 ~= story.connects.count - before)
        story.acceptsConnections = true
        story.advance(by: .seconds(1))
        story.feed(.networkChanged(addresses: addresses))
        #expect(story.events.last == .registered)
        story.feed(.networkChanged(addresses: addresses))
        #expect(story.probes == 1)
    }

    @Test("A connection whose local address is gone is replaced at once; a call with sound goes on")
    func addressIsGone() throws {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="1" n="10010"/>"#)
        story.command(.answerPBXCall(ccNumber: "1"))
        story.invite(for: "1")
        story.notice(#"<cc a="104" c="1" n="10010"/>"#)
        _ = story.takeEvents()

        story.localAddress = IPAddress("198.51.100.7")
        story.replacePlatform()
        story.feed(.networkChanged(addresses: [try #require(story.localAddress)]))
        #expect(story.takeEvents() == ["register", "statusChanged", "register"])
        #expect(story.events.isEmpty)
        #expect(story.connects.count == 2)
        #expect(connection(story)?["localAddress"] == "198.51.100.7")
        #expect(story.openLegs.count == 1)
        story.notice(#"<cc a="1"/>"#)
        #expect(story.reply(.checkSeatState) == .success(["result": 4]))
    }
}
