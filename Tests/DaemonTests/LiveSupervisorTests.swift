import Foundation
import Simulator
import Testing
import Wire

@Suite("A supervisor through the whole house, on real sockets with sound", .serialized, .timeLimit(.minutes(2)))
struct LiveSupervisorTests {
    private static let supervisor: JSON = ["un": "1010", "pwd": "1010", "switchnumber": "02566699734", "gid": 2033]

    @Test("Told of a call, listens to it unheard, joins it, ends it; each step is in the log")
    func wholeStory() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        #expect(try await house.post("getUser", Self.supervisor).body["userData"]?["permission"]?.lenientString == "1")
        #expect(try await house.post("init", Self.supervisor).body == ["result": true])
        #expect(try await events.next("register")["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 1)

        let agent = SimulatorLiveSeat("1001", tone: 700)
        await agent.connect(to: house.addresses)
        #expect(await agent.notice("1") != nil)
        await agent.send(Element("cc", ["a": "53", "g": "2033_65656"]))
        await agent.send(Element("cc", ["a": "200", "p": "02566699734", "i": "1", "t": "13800138000"]))
        let report = try await events.next("repCallStatus")
        #expect(report["caller"] == "1001")
        #expect(report["callee"] == "13800138000")
        #expect(report["endTime"] == "")
        let call = try #require(report["ccNumber"])
        #expect(await agent.notice("104") != nil)

        #expect(try await house.post("joinFromMonitor", ["ccNumber": call]).body["result"] == 1)
        #expect(try await house.post("startCallMonitor", ["ccNumber": call]).body == ["result": 0])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        #expect(try await house.get("checkMonitorState").body == ["result": ["status": 1, "ccNumber": call]])
        try await house.hears(700)
        await agent.hearsExactly(700)
        let heard = try await house.get("state").body["seats"]?["default"]?["calls"]?.array?.first
        #expect(heard?["muted"] == true)

        #expect(try await house.post("joinFromMonitor", ["ccNumber": call]).body == ["result": 0])
        await agent.hearsExactly(440, 700)
        #expect(try await house.post("endCallMonitor", ["ccNumber": call]).body == ["result": 0])
        #expect(try await events.next("callEvent", "endPBXCall")["c"] == call)
        #expect(try await events.next("repCallStatus")["endTime"]?.lenientInteger != nil)
        #expect(await agent.notice("105") != nil)
        #expect(try await house.get("checkMonitorState").body == ["result": ["status": 0, "ccNumber": ""]])
        #expect(try await house.post("terminateCall", ["ccNumber": call]).status == 404)
        await house.close()

        let log = house.log.text
        for verb in ["startCallMonitor", "joinFromMonitor", "endCallMonitor", "terminateCall"] {
            let lines = log.split(separator: "\n").filter { $0.hasPrefix("monitor: ") && $0.contains(verb) }
            #expect(lines.count == (verb == "joinFromMonitor" ? 4 : 2))
            #expect(lines.allSatisfy { $0.contains("token ") })
        }
        #expect(log.contains("no-such-call") && log.contains("wrong-state"))
    }

    @Test("An ordinary seat is refused")
    func ordinarySeat() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let answer = try await house.post("terminateCall", ["ccNumber": "7"])
        #expect(answer.status == 403)
        #expect(answer.body["result"] == 1)
        await house.close()
    }
}
