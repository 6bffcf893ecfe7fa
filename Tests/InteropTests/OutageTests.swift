import HTTPTypes
import Testing
import Wire

/// The daemon and Kamailio on machines of their own, with a router between them.
@Suite("The registration survives what happens to networks and servers", .serialized, .timeLimit(.minutes(3)))
struct OutageTests {
    /// A house whose seat is logged in.
    private func openHouse() async throws -> House {
        let house = try await House()
        try await house.logIn()
        return house
    }

    /// What the network may take at most, once it is back.
    private static let limit = Duration.seconds(5)
    /// For a connection over which nothing comes any more.
    private static let silenceLimit = Duration.seconds(15)

    @Test("Kamailio is killed and started again")
    func restart() async throws {
        let house = try await openHouse()
        house.server.kill()
        try await house.daemon.registration(code: 51001)
        try await house.daemon.log.line(containing: "reconnecting", "failures=2")
        try await house.expectLoss("The gateway refuses connections.")
        #expect(try await house.recovery { try await house.server.start() } < Self.limit)
        #expect(try await house.daemon.connection()["failure"] == .null)
        let steps = house.daemon.takeSteps()
        #expect(steps.words.wholeMatch(of: Self.lostAndFound) != nil, "\(steps.words)")
        #expect(steps.all.dropLast(2).last?["connection"]?["failure"] == "The gateway refuses connections.")
        #expect(steps.all.last?["registrar"]?["state"] == "registered")
    }

    @Test("Every packet is swallowed on the way: noticed within 15 s, and registered within 5 s when they pass again")
    func blackHole() async throws {
        let house = try await openHouse()
        try house.lab.swallowPackets()
        let start = ContinuousClock.now
        try await house.daemon.registration(code: 51001)
        #expect(ContinuousClock.now - start < Self.silenceLimit)
        try await house.expectLoss("The gateway fell silent.")
        try await house.daemon.log.line(containing: "reconnecting", "failures=3")
        try await house.expectLoss("The gateway did not answer in time.")
        #expect(try await house.recovery { try house.lab.letPacketsPass() } < Self.limit)
        let steps = house.daemon.takeSteps()
        #expect(steps.words.wholeMatch(of: Self.lostAndFound) != nil, "\(steps.words)")
        let reasons = steps.all.prefix(3).map { $0["connection"]?["failure"] }
        #expect(
            reasons == [
                "The gateway fell silent.", "The gateway fell silent.", "The gateway did not answer in time.",
            ])
    }

    @Test("The link goes down, and comes up after a while")
    func link() async throws {
        let house = try await openHouse()
        try house.lab.pullOut()
        try await house.daemon.registration(code: 51001)
        try await house.daemon.log.line(containing: "reconnecting", "failures=4")
        #expect(try await house.recovery { try house.lab.plugIn() } < Self.limit)
        let steps = house.daemon.takeSteps()
        #expect(steps.words.wholeMatch(of: Self.lostAndFound) != nil, "\(steps.words)")
    }

    @Test("The machine gets another address: the connection is replaced at once")
    func address() async throws {
        let house = try await openHouse()
        #expect(try await house.recovery { try house.lab.changeAddress() } < Self.limit)
        let connection = try await house.daemon.connection()
        #expect(connection["localAddress"] == .string(NetworkLab.otherAgentAddress))
        #expect(house.daemon.log.said.contains("The local address of the connection is gone."))
        let steps = house.daemon.takeSteps()
        #expect(steps.words.hasSuffix("connecting registering registered"), "\(steps.words)")
        #expect(steps.all.first?["connection"]?["failure"] == "The local address of the connection is gone.")
    }

    @Test("A call with sound lives through a black hole: the same dialog and the sound of both go on, registered anew")
    func callThroughBlackHole() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let house = try await House(platformPort: port, microphone: "tone:1000")
        let platform = try PlatformPeer(port: port, in: house.lab, behind: house.server)
        try await platform.listens()
        try await house.logIn()
        try await house.daemon.call("newPBXCall")
        #expect(try await house.daemon.request(.post, "answerPBXCall", ["ccNumber": "7"]) == ["result": true])
        try await house.daemon.call("answeredPBXCall")
        try await house.daemon.hears(440)
        try await platform.hears(1000)

        try house.lab.swallowPackets()
        try await platform.hearsNothing()
        try await house.daemon.registration(code: 51001)
        #expect(try await house.recovery { try house.lab.letPacketsPass() } < Self.limit)
        let steps = house.daemon.takeSteps()
        #expect(steps.words.wholeMatch(of: Self.lostAndFound) != nil, "\(steps.words)")
        try await house.daemon.hears(440)
        try await platform.hears(1000)

        #expect(try await house.daemon.request(.post, "sendDTMF", ["string": "5"]) == ["result": true])
        try await platform.program.line(containing: "digit 5")
        try await platform.program.line(containing: "in-call 200")
        // Asked for an offer by a re-INVITE that has none (RFC 3261 §14.2).
        #expect(try await house.daemon.request(.post, "sendDTMF", ["string": "#"]) == ["result": true])
        try await platform.program.line(containing: "renewed 200")
        try await house.daemon.hears(440)
        try await platform.hears(1000)
        #expect(try await house.daemon.request(.post, "terminate", ["ccNumber": "7"]) == ["result": true])
        try await house.daemon.call("endPBXCall")
        try await platform.program.line(containing: "ended")
    }

    /// The steps of the registration from a lost connection to the next one, however many attempts that took.
    private static var lostAndFound: Regex<(Substring, Substring)> {
        #/((?:waiting|connecting) )+registering registered/#
    }
}
