import Testing
import Wire

@Suite("The platform ends things by itself, on real sockets with sound", .serialized, .timeLimit(.minutes(2)))
struct LiveScenarioTests {
    /// A call that the agent hears.
    private func call(_ house: LiveHouse, _ events: LiveEvents) async throws -> JSON {
        #expect(try await house.post("call", ["number": "13800138000"]).body == ["result": 2])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        try await house.hears(440)
        return call
    }

    private func hangUp(_ call: JSON, _ house: LiveHouse, _ events: LiveEvents) async throws {
        #expect(try await house.post("terminate", ["ccNumber": call]).body == ["result": true])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
    }

    @Test("Kicked off during a call: told why, the call ended once, logged out; then another login and another call")
    func kickedOff() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let first = try await call(house, events)
        try await house.scenario("seats/1001/kick", ["reason": 899])
        #expect(try await events.next("kickedOffLine")["r"] == "899")
        #expect(try await events.next("callEvent", "endPBXCall")["c"] == first)
        #expect(try await events.next("statusChanged")["status"] == 0)
        #expect(try await house.get("checkLogin").body == ["result": 0])
        try await house.logIn(events)
        try await hangUp(try await call(house, events), house, events)
        await house.close()
    }

    @Test("The platform restarts during a call: the call ends once, the seat comes back by itself, the next call works")
    func restarts() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let first = try await call(house, events)
        try await house.scenario("restart", [:])
        var (ends, isBack) = (0, false)
        while ends == 0 || !isBack {
            let event = try await events.next()
            if event["type"] == "endPBXCall" {
                #expect(event["data"]?["c"] == first)
                ends += 1
            }
            if event["event"] == "statusChanged" { isBack = event["data"]?["status"] == 1 }
        }
        try await hangUp(try await call(house, events), house, events)
        await house.close()
    }
}
