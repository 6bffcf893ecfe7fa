import HTTPTypes
import Testing
import Wire

@Suite("How calls sound, asked and told over the API", .serialized, .timeLimit(.minutes(1)))
struct LiveQualityTests {
    @Test(
        "A call is measured once there is something to measure, one by one and in the list; callQuality comes when asked for"
    )
    func measured() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        #expect(try await house.get("calls").body == ["calls": []])

        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let call = try #require(try await events.next("callEvent", "newPBXCall")["c"]?.string)
        #expect(try await house.post("callQuality", ["ccNumber": .string(call)]).body == ["result": true])
        let ringing = try await house.get("calls/" + call).body
        #expect(ringing["state"] == "offered")
        #expect(ringing["media"] == .null)
        #expect(try await house.get("calls").body["calls"] == [ringing])

        try await house.post("answerPBXCall", ["ccNumber": .string(call)])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"]?.string == call)
        try await house.hears(523.25, 659.26, 783.99, 1046.5)
        let told = try await events.next("callQuality")
        #expect(told["ccNumber"]?.string == call)
        expectPlausible(told)
        // 50 packets a second, five seconds at most since the last time.
        #expect((told["received"]?["packets"]?.lenientInteger ?? 0) <= 260)

        let talking = try await house.get("calls/" + call).body
        #expect(talking["state"] == "connected")
        #expect(talking["number"] == "13911112222")
        expectPlausible(try #require(talking["media"]?["quality"]))
        #expect(talking["media"]?["encryption"] == "dtls")
        #expect(try await house.get("calls").body["calls"]?.array?.map { $0["ccNumber"] } == [.string(call)])

        try await house.post("callQuality", ["ccNumber": .string(call), "interval": 1])
        let again = try await events.next("callQuality")
        expectPlausible(again)
        #expect((again["received"]?["packets"]?.lenientInteger ?? 0) <= 260)
        try await house.post("callQuality", ["ccNumber": .string(call), "interval": 0])

        for key in ["5", "#"] as [JSON] {
            try await house.scenario("customers/13911112222/press", ["key": key])
            #expect(try await events.next("dtmf") == ["ccNumber": .string(call), "key": key])
        }
        try await house.post("terminate", ["ccNumber": .string(call)])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
        try await expectUnknown(call, house)
        await house.close()
    }

    @Test("A ccNumber nobody knows is a problem, 404") func unknown() async throws {
        let house = try await LiveHouse.open()
        try await expectUnknown("17309", house)
        await house.close()
    }

    private func expectUnknown(_ call: String, _ house: LiveHouse) async throws {
        let answer = try await house.get("calls/" + call)
        #expect(answer.status == 404)
        #expect(answer.fields[.contentType] == "application/problem+json")
        #expect(answer.body["status"] == 404)
        #expect(answer.body["type"]?.string?.hasSuffix("no-such-call") == true)
    }

    /// A call over loopback: all measured, nothing lost.
    private func expectPlausible(_ quality: JSON, sourceLocation: SourceLocation = #_sourceLocation) {
        func value(_ part: String?, _ name: String) -> Double? {
            switch part.map({ quality[$0]?[name] }) ?? quality[name] {
            case .number(let value)?: value
            case .integer(let value)?: Double(value)
            default: nil
            }
        }
        func expect(_ part: String?, _ name: String, _ range: ClosedRange<Double>) {
            let value = value(part, name)
            #expect(value.map(range.contains) == true, "\(name): \(quality)", sourceLocation: sourceLocation)
        }
        expect(nil, "mos", 3...4.5)
        expect(nil, "roundTripTime", 0...200)
        expect("received", "packets", 1...1e6)
        expect("received", "loss", 0...0.05)
        expect("received", "lateLoss", 0...0.3)
        expect("received", "jitter", 0...50)
        expect("received", "bufferDelay", 0...200)
        expect("received", "concealed", 0...0.3)
        expect("received", "level", -60...0)
        expect("received", "levelAtSender", -60...0)
        expect("sent", "packets", 1...1e6)
        expect("sent", "level", -24 ... -16)
    }
}
