import Foundation
import Testing
import Wire

@Suite("Calls through the whole house, on real sockets with sound", .serialized, .timeLimit(.minutes(2)))
struct LiveCallTests {
    @Test("An outgoing call and an incoming one: events in order, sound both ways, one end each")
    func twoCalls() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        #expect(try await house.get("checkLogin").body == ["result": 1])
        #expect(try await house.get("checkSeatState").body == ["result": 1])

        #expect(try await house.post("call", ["number": "13800138000"]).body == ["result": 2])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        #expect(try await house.get("checkSeatState").body == ["result": 4])
        try await house.hears(523.25, 659.26, 783.99, 1046.5)
        try await house.hears(440)
        #expect(try await house.post("hold", ["ccNumber": call]).body == ["result": true])
        #expect(try await house.get("checkSeatState").body == ["result": 5])
        try await house.hearsNothing()
        #expect(try await house.post("unhold", ["ccNumber": call]).body == ["result": true])
        try await house.hears(440)
        #expect(try await house.post("sendDTMF", ["string": "5"]).body == ["result": true])
        #expect(try await house.post("mute", ["ccNumber": call]).body == ["result": true])
        try await house.hearsNothing()
        #expect(try await house.post("unmute", ["ccNumber": call]).body == ["result": true])
        try await house.hears(440)
        #expect(try await house.post("terminate", ["ccNumber": call]).body == ["result": true])
        let end = try await events.next("callEvent", "endPBXCall")
        #expect(end["c"] == call)
        #expect(end["r"] == "26")

        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let offer = try await events.next("callEvent", "newPBXCall")
        #expect(offer["n"] == "13911112222")
        let incoming = try #require(offer["c"])
        #expect(try await house.post("answerPBXCall", ["ccNumber": incoming]).body == ["result": true])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == incoming)
        try await house.hears(440)
        try await house.scenario("customers/13911112222/hangup", [:])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "25")

        #expect(try await house.post("logout").body["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 0)
        await house.close()
    }

    @Test("A client that was away gets what it missed, in order, once, and goes on live")
    func resume() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let position = try #require(try await house.get("state").body["position"])
        let epoch = try #require(position["epoch"]?.string)
        #expect(position["seq"] == 5)
        events.close()

        try await house.post("call", ["number": "13800000503"])
        let missed = try LiveEvents(house, after: "\(epoch):4", inSubprotocol: true)
        #expect(await missed.open() == nil)
        #expect(try await missed.next()["seq"] == 5)
        #expect(try await missed.next("callEvent", "calloutResponse")["r"] == "503")
        try await house.post("logout")
        let last = try await missed.next()
        #expect(last["seq"] == 9)
        #expect(last["epoch"] == .string(epoch))
        await house.close()
    }

    @Test("Each step from logging in to logging out is an event, and the snapshot says the same")
    func registrationSteps() async throws {
        let house = try await LiveHouse.open()
        let (events, steps) = (try LiveEvents(house), try LiveEvents(house))
        #expect(await events.open() == nil)
        #expect(await steps.open() == nil)
        try await house.logIn(events)
        let told = try await steps.steps(until: "registered")
        #expect(told.map { $0["registration"] } == ["connecting", "registering", "registered"])
        let seat = try await house.get("state").body["seats"]?["default"]
        for member in ["registration", "connection", "registrar"] {
            #expect(told.last?[member] == seat?[member])
        }
        try await house.post("logout")
        #expect(
            try await steps.steps(until: "loggedOut").map { $0["registration"] } == [
                "loggingOut", "loggingOut", "loggedOut",
            ])
        await house.close()
    }

    @Test("No password, token, number, SDP or key reaches the log at its most talkative")
    func secretsStayOut() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        try await house.hears(440)
        try await house.post("terminate", ["ccNumber": call])
        _ = try await events.next("callEvent", "endPBXCall")
        await house.close()

        let log = house.log.text
        #expect(log.contains("callEvent"))
        // md5("1001")
        for secret in [house.token, "b8c37e33defde51cf91e1e03e51657da", "13800138000", "1001_00010078", "ice-pwd"] {
            #expect(!log.contains(secret))
        }
    }
}
