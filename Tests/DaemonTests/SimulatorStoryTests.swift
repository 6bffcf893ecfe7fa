import SIP
import Simulator
import Testing
import Wire

@Suite("A seat at the simulated platform, in virtual time (platform protocol §2 and §6)")
struct SimulatorStoryTests {
    @Test("A seat that registers and says it is idle is told so, which is what makes it online")
    func login() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        #expect(story.registrations[seat] == .registered(until: story.now + .seconds(60)))
        #expect(story.news(seat) == [#"<cc a="1"/>"#])
        #expect(
            story.platform.state["seats"] == [
                ["extension": "1001", "online": true, "status": "idle", "group": "2033_65656"]
            ])
    }

    @Test("A wrong password is refused with 403 and makes nobody online")
    func wrongPassword() {
        var story = SimulatorStory()
        let seat = story.connect("1001", password: "1002")
        guard case .failed(.rejected(status: 403, _), until: nil, retry: nil) = story.registrations[seat] else {
            Issue.record("\(String(describing: story.registrations[seat]))")
            return
        }
        #expect(story.platform.state["seats"] == [])
    }

    @Test("A seat that was never registered may not send verbs")
    func unregistered() {
        var story = SimulatorStory()
        let seat = story.connect("1001", password: "1002")
        story.send(#"<cc a="1"/>"#, seat)
        #expect(story.news(seat) == [])
    }

    @Test("A seat holds its own call and no other's, and only by its own name; who waits hears music (protocol §3.1)")
    func hold() throws {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        let other = story.logIn("1002")
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, seat)
        story.wait(.milliseconds(300))
        let call = try #require(story.platform.state["calls"]?.array?.first?["ccNumber"]?.string)
        let room = try #require(story.rooms.first)
        guard case .leg(let leg) = room.value.first?.who else {
            Issue.record("\(room)")
            return
        }
        #expect(room.value == [RoomMember(.leg(leg)), RoomMember(.customer(Voice()))])
        func inRoom(_ a: String, _ user: String, by sender: Platform.ConnectionID) -> [RoomMember]? {
            story.send(#"<ch a="\#(a)" number="\#(user)" cc="\#(call)"/>"#, sender)
            return story.rooms[room.key]
        }
        #expect(inRoom("1", "1002_00010078", by: seat) == room.value)
        #expect(inRoom("1", "1002_00010078", by: other) == room.value)
        #expect(
            inRoom("1", "1001_00010078", by: seat) == [
                RoomMember(.leg(leg), hears: false, isHeard: false), RoomMember(.customer(Voice())),
                RoomMember(.music, hears: false),
            ])
        #expect(inRoom("2", "1001_00010078", by: seat) == room.value)
        story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
        #expect(story.rooms == [:])
    }

    @Test("A call to a customer: 201, INVITE, INFO, 104 after 300 ms, 105 with r=26 and BYE at 106")
    func outgoing() throws {
        var story = SimulatorStory { $0.unixTimeAtZero = 1_564_717_108_763 }
        let seat = story.logIn("1001")
        _ = story.news(seat)
        story.send(#"<cc a="200" p="02566699734" i="1564717108763414" t="10010"/>"#, seat)
        let call = try #require(story.platform.state["calls"]?.array?.first?["ccNumber"]?.string)
        #expect(call.hasPrefix("1564717108763") && call.hasSuffix("conf_1564717108763"))
        #expect(
            story.news(seat) == [
                #"<cc a="201" r="200" c="\#(call)" n="10010"/>"#, "INVITE offer",
                #"<i n="\#(call)" s="*"><u n="10010" a="i" l="m"/></i>"#,
            ])
        story.wait(.milliseconds(299))
        #expect(story.news(seat) == [])
        story.wait(.milliseconds(1))
        #expect(story.news(seat) == [#"<cc a="104" c="\#(call)" n="10010"/>"#])
        story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
        #expect(story.news(seat) == ["BYE", #"<cc a="105" c="\#(call)" n="10010" r="26"/>"#])
        #expect(story.platform.state["calls"] == [])
    }

    @Test(
        "The customer's last digits decide how a call ends",
        arguments: [
            ("13900000503", [#"<cc a="201" r="503" n="13900000503"/>"#], .zero),
            ("13900000020", ["BYE", #"<cc a="105" c="CC" n="13900000020" r="20"/>"#], .seconds(15)),
            ("13900000252", ["BYE", #"<cc a="105" c="CC" n="13900000252" r="25"/>"#], .milliseconds(2300)),
        ] as [(String, [String], Duration)])
    func customers(number: String, end: [String], after: Duration) {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        _ = story.news(seat)
        story.send(#"<cc a="200" p="02566699734" i="1" t="\#(number)"/>"#, seat)
        let call = story.platform.state["calls"]?.array?.first?["ccNumber"]?.string ?? ""
        if after > .zero {
            story.wait(after - .milliseconds(1))
            _ = story.news(seat)
            story.wait(.milliseconds(1))
        }
        #expect(story.news(seat).map { call.isEmpty ? $0 : $0.replacing(call, with: "CC") } == end)
    }

    @Test("A customer's call: 100 each second, 102, INVITE, INFO, 104, and 105 with r=25 when the customer hangs up")
    func incoming() throws {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        _ = story.news(seat)
        var call = ""
        try story.tellPlatform { platform, now in
            let (ccNumber, outputs) = try platform.customerCalls(from: "10010", to: "1001", at: now)
            call = ccNumber
            return outputs
        }
        story.wait(.milliseconds(2500))
        let ring = #"<cc a="100" c="\#(call)" n="10010"/>"#
        #expect(story.news(seat) == [ring, ring, ring])
        story.send(#"<cc a="102" c="\#(call)"/>"#, seat)
        #expect(
            story.news(seat) == [
                "INVITE offer", #"<i n="\#(call)" s="*"><u n="10010" a="i" l="m"/></i>"#,
                #"<cc a="104" c="\#(call)" n="10010"/>"#,
            ])
        try story.tellPlatform { try $0.customerHangsUp("10010", at: $1) }
        #expect(story.news(seat) == ["BYE", #"<cc a="105" c="\#(call)" n="10010" r="25"/>"#])
    }

    @Test("A seat that is not idle is not called")
    func notIdle() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.send(#"<cc a="2"/>"#, seat)
        #expect(throws: ScenarioProblem.noSeatIdle) {
            try story.tellPlatform { try $0.customerCalls(from: "10010", to: "1001", at: $1).outputs }
        }
    }

    @Test("Two seats talk: 301, the other's 100 and 102, 104 for both, and r=25 for the one who is left")
    func inside() throws {
        var story = SimulatorStory()
        let (caller, callee) = (story.logIn("1001"), story.logIn("1002"))
        (_, _) = (story.news(caller), story.news(callee))
        story.send(#"<cc a="300" p="02566699734" i="1" t="1002_00010078"/>"#, caller)
        let calls = try #require(story.platform.state["calls"]?.array).compactMap { $0["ccNumber"]?.string }
        try #require(calls.count == 2)
        #expect(story.news(caller).first == #"<cc a="301" r="200" c="\#(calls[0])" n="1002_00010078"/>"#)
        #expect(story.news(callee) == [#"<cc a="100" c="\#(calls[1])" n="1001"/>"#])
        story.send(#"<cc a="102" c="\#(calls[1])"/>"#, callee)
        #expect(story.news(caller) == [#"<cc a="104" c="\#(calls[0])" n="1002_00010078"/>"#])
        #expect(story.news(callee).last == #"<cc a="104" c="\#(calls[1])" n="1001"/>"#)
        story.send(#"<cc a="106" c="\#(calls[0])"/>"#, caller)
        #expect(story.news(callee) == ["BYE", #"<cc a="105" c="\#(calls[1])" n="1001" r="25"/>"#])
    }

    @Test("Who logs in elsewhere takes the seat's place, and the first one is told 895")
    func kicked() {
        var story = SimulatorStory()
        let (first, second) = (story.logIn("1001"), story.logIn("1001"))
        #expect(
            story.news(first) == [
                #"<cc a="1"/>"#, #"<o><a><u n="1001" a="o" nm="坐席1001" r="895"/></a></o>"#,
            ])
        #expect(story.news(second) == [#"<cc a="1"/>"#])
    }

    @Test("A seat that has gone is offline, and its call's media is closed")
    func disconnected() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, seat)
        story.disconnect(seat)
        #expect(story.platform.state["seats"] == [])
        #expect(story.platform.state["calls"] == [])
        guard case .closeMedia = story.done.last else {
            Issue.record("the media path was left open")
            return
        }
    }

    @Test("What was measured last is told of a call that is over")
    func measured() throws {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, seat)
        story.disconnect(seat)
        guard case .closeMedia(let leg) = story.done.last else {
            Issue.record("the media path was left open")
            return
        }
        var measurement = Platform.Measurement()
        measurement.level = -20
        measurement.frequency = 440
        story.tellPlatform { platform, _ in
            platform.measured(measurement, on: leg)
            return []
        }
        let ended = try #require(story.platform.state["ended"]?.array?.last)
        #expect(ended["agent"]?["frequency"] == .number(440))
        #expect(ended["state"] == "ended")
    }

    @Test("An outage closes every connection and refuses new ones until it is over")
    func outage() {
        var story = SimulatorStory()
        let seat = story.logIn("1001")
        story.tellPlatform { platform, _ in platform.setOutage(sip: true) }
        #expect(story.done.last == .close(seat))
        #expect(!story.platform.acceptsConnections)
        story.tellPlatform { platform, _ in platform.setOutage(sip: false) }
        #expect(story.platform.acceptsConnections)
    }
}
