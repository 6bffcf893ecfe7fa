import Daemon
import Foundation
import HTTPTypes
import Seat
import Testing
import Wire

@Suite("The other calls of the SDK through the whole house", .serialized, .timeLimit(.minutes(2)))
struct LiveVerbsTests {
    private static let colleague: JSON = ["un": "1002", "pwd": "1002", "switchnumber": "02566699734", "gid": 2033]

    /// A customer's call that the agent has answered.
    private func talk(_ house: LiveHouse, _ events: LiveEvents) async throws -> JSON {
        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let call = try #require(try await events.next("callEvent", "newPBXCall")["c"])
        #expect(try await house.post("answerPBXCall", ["ccNumber": call]).body == ["result": true])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        return call
    }

    @Test("A call is handed over to a colleague, who talks with the customer from then on")
    func transfer() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house, seat: "default")
        let others = try LiveEvents(house, seat: "other")
        #expect(await events.open() == nil)
        #expect(await others.open() == nil)
        try await house.logIn(events)
        #expect(try await house.post("seats/other/getUser", Self.colleague).status == 200)
        #expect(try await house.post("seats/other/init", Self.colleague).body == ["result": true])
        #expect(try await others.next("register")["code"] == 200)
        #expect(try await others.next("statusChanged")["status"] == 1)

        let call = try await talk(house, events)
        let members = try await house.post("webApiHandler/searchEpMembers", ["searchGid": "2033", "length": 50]).body
        let idle = members["returnData"]?["data"]?.array?.first { $0["number"]?.lenientString == "1002" }
        #expect(members["status"] == 200)
        #expect(idle?["kefuStatus"] == 1)
        async let transferred = house.post(
            "transferPBXCall", ["gid": 2033, "transNumber": "1002", "ccNumber": call])
        let offer = try #require(try await others.next("callEvent", "newPBXCall")["c"])
        #expect(try await house.post("seats/other/answerPBXCall", ["ccNumber": offer]).body == ["result": true])
        #expect(try await others.next("callEvent", "answeredPBXCall")["c"] == offer)
        let outcome = try await transferred
        #expect(outcome.status == 200)
        #expect(outcome.body["type"] == "transferCallSuccess")
        #expect(try await events.next("callEvent", "endPBXCall")["c"] == call)
        try await house.scenario("customers/13911112222/hangup", [:])
        #expect(try await others.next("callEvent", "endPBXCall")["r"] == "25")

        let again = try await talk(house, events)
        let failed = try await house.post(
            "transferPBXCall", ["gid": 2033, "transNumber": "1009", "ccNumber": again])
        #expect(failed.status == 502)
        #expect(failed.body["code"] == 52012)
        #expect(failed.body["result"]?["type"] == "transferCallFaild")
        await house.close()
    }

    @Test(
        "The customer's side recognises each key once, sent as INFO or in the sound (platform protocol §3.3, RFC 4733)",
        arguments: KeyTransport.allCases)
    func keys(_ transport: KeyTransport) async throws {
        let house = try await LiveHouse.open { $0.keyTransport = transport }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let call = try await talk(house, events)
        #expect(try await house.post("sendDTMF", ["string": "110#,*5A"]).body == ["result": true])
        #expect(try await house.post("terminate", ["ccNumber": call]).body == ["result": true])
        #expect(try await events.next("callEvent", "endPBXCall")["c"] == call)
        #expect(try await house.scenarioState()["ended"]?.array?.last?["digits"] == "110#*5A")
        await house.close()
    }

    @Test("A call is answered by itself as the enterprise's profile says, with sound both ways (allow_auto_answer)")
    func autoAnswer() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        #expect(try await house.scenario("enterprise", ["autoAnswer": 1], method: .put).body["autoAnswer"] == 1)
        try await house.logIn(events)
        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let call = try #require(try await events.next("callEvent", "newPBXCall")["c"])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        // The customer's melody, then the echo of the agent's own tone.
        try await house.hears(523.25, 659.26, 783.99, 1046.5)
        try await house.hears(440)
        try await house.scenario("customers/13911112222/hangup", [:])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "25")
        await house.close()
    }

    @Test(
        "A call that the platform refuses says why, and the next one works",
        arguments: [
            ("suspended", true, "507"), ("open", false, "508"), ("callsPerCustomer", 0, "512"),
        ] as [(String, JSON, JSON)])
    func refused(_ rule: String, _ value: JSON, _ reason: JSON) async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.scenario("enterprise", .object([rule: value]), method: .put)
        #expect(try await house.post("call", ["number": "13800138000"]).body == ["result": 2])
        #expect(try await events.next("callEvent", "calloutResponse")["r"] == reason)
        try await house.scenario(
            "enterprise", ["suspended": false, "open": true, "callsPerCustomer": nil], method: .put)
        _ = try await talk(house, events)
        await house.close()
    }

    @Test("Work after a call leaves the seat busy, and is cancelled before it")
    func afterCall() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let call = try await talk(house, events)
        #expect(try await house.post("setAfterCallStatus", ["ccNumber": call]).body == ["result": true])
        #expect(try await house.post("cancelAfterCallStatus", ["ccNumber": call]).body == ["result": true])
        #expect(try await house.post("setAfterCallStatus", ["ccNumber": call]).body == ["result": true])
        try await house.post("terminate", ["ccNumber": call])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
        #expect(try await events.next("statusChanged")["status"] == 2)
        #expect(try await house.get("checkSeatState").body == ["result": 2])
        await house.close()
    }

    @Test("A SIP telephone has the sound: calls go without any here", arguments: [4, 5])
    func telephone(callintype: Int64) async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        var user = LiveHouse.user.object ?? [:]
        user["callintype"] = 3
        #expect(try await house.post("getUser2", .object(user)).body["code"] == 50001)
        user["callintype"] = .integer(callintype)
        user["number"] = "13800000404"
        if callintype == 4 { #expect(try await house.post("getUser2", .object(user)).body["code"] == 50006) }
        user["number"] = "13800138000"
        #expect(try await house.post("getUser2", .object(user)).status == 200)
        #expect(try await house.post("init", LiveHouse.login).body == ["result": true])
        #expect(try await events.next("register")["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 1)

        #expect(try await house.post("call", ["number": "13800138001"]).body == ["result": 2])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        let calls = try await house.get("state").body["seats"]?["default"]?["calls"]
        #expect(calls?.array?.first?["media"] == .null)
        #expect(try await house.post("hold", ["ccNumber": call]).body == ["result": true])
        #expect(try await house.post("mute", ["ccNumber": call]).status == 409)
        try await house.post("terminate", ["ccNumber": call])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
        await house.close()
    }

    @Test("Groups, and what is asked wrongly")
    func webAPI() async throws {
        let house = try await LiveHouse.open()
        let early = try await house.post("webApiHandler/getGroups")
        #expect(early.status == 409)
        #expect(early.body["result"]?["status"] == 50001)
        try await house.post("getUser", LiveHouse.user)
        let groups = try await house.post("webApiHandler/getGroups").body
        #expect(groups["status"] == 200)
        #expect(groups["returnData"]?.array?.first?["name"] == "售前咨询")
        #expect(try await house.post("webApiHandler/getMemberCallStates", ["uid": "1001"]).status == 200)
        #expect(try await house.post("webApiHandler/nothing").body["code"] == 50007)
        #expect(try await house.post("webApiHandler/getGroups", ["eid": "6565"]).body["code"] == 50008)
        await house.close()
    }
}
