import Simulator
import Testing
import Wire

@Suite("What happens to calls at the simulated platform, in virtual time")
struct SimulatorConversationTests {
    private var story = SimulatorStory()

    /// The ccNumbers of the calls there are, in their order.
    private var calls: [String] {
        (story.platform.state["calls"]?.array ?? []).compactMap { $0["ccNumber"]?.string }
    }

    private mutating func talk(_ seat: Platform.ConnectionID) throws -> String {
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, seat)
        story.wait(.milliseconds(300))
        _ = story.news(seat)
        return try #require(calls.last)
    }

    private mutating func customerCalls(_ seat: String, offers: Int) throws -> String {
        var ccNumber = ""
        try story.tellPlatform { platform, now in
            let call = try platform.customerCalls(from: "10010", to: seat, offers: offers, at: now)
            ccNumber = call.ccNumber
            return call.outputs
        }
        return ccNumber
    }

    @Test("A call is handed on: 100 at the other seat, 38 and 105 with r=26 here when it answers (protocol §3.1)")
    mutating func transfer() throws {
        let (agent, colleague) = (story.logIn("1001"), story.logIn("1002"))
        let call = try talk(agent)
        let before = story.rooms
        _ = story.news(colleague)
        story.send(#"<cc a="31" c="\#(call)" g="2033_65656" n="1002_00010078"/>"#, agent)
        let offered = try #require(calls.last)
        #expect(story.news(colleague) == [#"<cc a="100" c="\#(offered)" n="10010"/>"#])
        #expect(story.rooms.values.first?.contains(RoomMember(.music, hears: false)) == true)
        story.send(#"<cc a="102" c="\#(offered)"/>"#, colleague)
        #expect(
            story.news(agent) == [
                #"<cc a="38" c="\#(call)"/>"#, "BYE", #"<cc a="105" c="\#(call)" n="10010" r="26"/>"#,
            ])
        #expect(story.rooms.keys == before.keys)
        #expect(story.rooms.values.first?.count == 2)
        #expect(story.news(colleague).last == #"<cc a="104" c="\#(offered)" n="10010"/>"#)
        try story.tellPlatform { try $0.customerHangsUp("10010", at: $1) }
        #expect(story.news(colleague) == ["BYE", #"<cc a="105" c="\#(offered)" n="10010" r="25"/>"#])
        #expect(story.rooms == [:])
    }

    @Test("Refused, not answered, to nobody, to a busy seat or to oneself it is 39, and the call goes on")
    mutating func transferFails() throws {
        let (agent, colleague) = (story.logIn("1001"), story.logIn("1002"))
        let call = try talk(agent)
        let before = story.rooms
        for user in ["1003_00010078", "1001_00010078", "1002", "1002_00000001"] {
            story.send(#"<cc a="31" c="\#(call)" n="\#(user)"/>"#, agent)
            #expect(story.news(agent) == [#"<cc a="39" c="\#(call)"/>"#])
        }
        story.send(#"<cc a="31" c="\#(call)" n="1002_00010078"/>"#, agent)
        story.send(#"<cc a="106" c="\#(try #require(calls.last))"/>"#, colleague)
        #expect(story.news(agent) == [#"<cc a="39" c="\#(call)"/>"#])
        story.send(#"<cc a="31" c="\#(call)" g="2033_65656" n=""/>"#, agent)
        #expect(calls.count == 2)
        story.wait(.seconds(15))
        #expect(story.news(agent) == [#"<cc a="39" c="\#(call)"/>"#])
        #expect(story.rooms == before)
        #expect(calls == [call])
    }

    @Test("The customer hangs up before the other seat answers: 39 and 105 here, 101 there")
    mutating func transferAbandoned() throws {
        let (agent, colleague) = (story.logIn("1001"), story.logIn("1002"))
        let call = try talk(agent)
        story.send(#"<cc a="31" c="\#(call)" n="1002_00010078"/>"#, agent)
        let offered = try #require(calls.last)
        _ = story.news(colleague)
        try story.tellPlatform { try $0.customerHangsUp("10010", at: $1) }
        #expect(
            story.news(agent) == [
                #"<cc a="39" c="\#(call)"/>"#, "BYE", #"<cc a="105" c="\#(call)" n="10010" r="25"/>"#,
            ])
        #expect(story.news(colleague).last == #"<cc a="101" c="\#(offered)" n="10010"/>"#)
        #expect(calls == [])
    }

    @Test("A refused call is offered again at once, as often as the customer waits")
    mutating func offeredAgain() throws {
        let seat = story.logIn("1001")
        _ = story.news(seat)
        let call = try customerCalls("1001", offers: 2)
        let (ring, over) = (#"<cc a="100" c="\#(call)" n="10010"/>"#, #"<cc a="101" c="\#(call)" n="10010"/>"#)
        #expect(story.news(seat) == [ring])
        story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
        #expect(story.news(seat) == [over, over, ring])
        story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
        #expect(story.news(seat) == [over, over])
        #expect(calls == [])
    }

    @Test("A call to a group goes to the next idle seat of it when one refuses or does not answer")
    mutating func group() throws {
        let seats = [story.logIn("1001"), story.logIn("1002")]
        let busy = story.logIn("1003")
        story.send(#"<cc a="2"/>"#, busy)
        for seat in seats + [busy] { _ = story.news(seat) }
        try story.tellPlatform { try $0.customerCalls(from: "10010", toGroup: "2033", at: $1).outputs }
        #expect(story.news(seats[0]).count == 1)
        story.send(#"<cc a="106" c="\#(try #require(calls.first))"/>"#, seats[0])
        #expect(story.news(seats[1]).count == 1)
        story.wait(.seconds(15))
        #expect(story.news(seats[0]).last?.contains(#"a="100""#) == true)
        #expect(story.news(busy) == [])
        #expect(throws: ScenarioProblem.noSuchGroup) {
            try story.tellPlatform { try $0.customerCalls(from: "1", toGroup: "9", at: $1).outputs }
        }
    }

    @Test("A seat that wants to be busy after its call is, unless it takes that back (protocol §3.1)")
    mutating func afterCall() throws {
        let seat = story.logIn("1001")
        for takesBack in [true, false] {
            let call = try talk(seat)
            story.send(#"<cc a="87" s="2" c="\#(call)"/>"#, seat)
            #expect(story.news(seat) == [#"<cc a="87" r="200"/>"#])
            if takesBack {
                story.send(#"<cc a="87" s="-1" c="\#(call)"/>"#, seat)
                #expect(story.news(seat) == [#"<cc a="87" r="200"/>"#])
            }
            story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
            #expect(story.news(seat).last?.contains(takesBack ? #"a="105""# : #"<cc a="2"/>"#) == true)
        }
    }

    @Test("Seats without a skill group in common may not call each other: 1000")
    mutating func noCommonGroup() {
        let seat = story.logIn("1001")
        _ = story.logIn("1009")
        _ = story.news(seat)
        story.send(#"<cc a="300" p="02566699734" i="1" t="1009_00010078"/>"#, seat)
        #expect(story.news(seat) == [#"<cc a="301" r="1000" n="1009_00010078"/>"#])
    }

    @Test("During a call another one is 502, to a seat that is offline too, and to one in a call 503 (protocol §3.2)")
    mutating func seatStates() throws {
        let (seat, colleague) = (story.logIn("1001"), story.logIn("1002"))
        _ = try talk(seat)
        story.send(#"<cc a="200" p="02566699734" i="1" t="10011"/>"#, seat)
        #expect(story.news(seat) == [#"<cc a="201" r="502" n="10011"/>"#])
        _ = story.news(colleague)
        for (extensionNumber, result) in [("1003", "502"), ("1001", "503"), ("1500", "1000")] {
            story.send(#"<cc a="300" p="02566699734" i="1" t="\#(extensionNumber)_00010078"/>"#, colleague)
            #expect(story.news(colleague) == [#"<cc a="301" r="\#(result)" n="\#(extensionNumber)_00010078"/>"#])
        }
    }

    @Test("With a telephone (callintype 4 and 5) no INVITE comes here, everything else does (protocol §3.3)")
    mutating func telephone() throws {
        let seat = story.logIn("1001")
        story.get(
            "/Talk/Api/updateInfo?un=1001&pwd=\(SimulatorStory.password)&eid=65656&jsonStr="
                + "%7B%22data%22%3A%7B%22callintype%22%3A4%2C%22telephone%22%3A%22138%22%7D%7D")
        _ = story.news(seat)
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, seat)
        story.wait(.milliseconds(600))
        let call = try #require(calls.last)
        #expect(
            story.news(seat) == [
                #"<cc a="201" r="200" c="\#(call)" n="10010"/>"#, #"<cc a="104" c="\#(call)" n="10010"/>"#,
            ])
        story.send(#"<ch a="1" number="9138" cc="\#(call)"/>"#, seat)
        #expect(story.rooms.values.first?.contains(RoomMember(.music, hears: false)) == true)
        story.send(#"<cc a="106" c="\#(call)"/>"#, seat)
        #expect(story.news(seat) == [#"<cc a="105" c="\#(call)" n="10010" r="26"/>"#])
    }
}

@Suite("A supervisor at the simulated platform, in virtual time (platform protocol §3.4)")
struct SimulatorSupervisorTests {
    private var story = SimulatorStory()

    /// An agent in a call, and the supervisor who was told of it; gives the call's ccNumber.
    private mutating func begin() throws -> (
        agent: Platform.ConnectionID, supervisor: Platform.ConnectionID, call: String
    ) {
        let (agent, supervisor) = (story.logIn("1001"), story.logIn("1010"))
        story.send(#"<cm a="10"/>"#, supervisor)
        _ = (story.news(agent), story.news(supervisor))
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, agent)
        story.wait(.milliseconds(300))
        _ = story.news(agent)
        return (agent, supervisor, try #require(story.platform.state["calls"]?.array?.first?["ccNumber"]?.string))
    }

    @Test("Who asked for it is told of the group's calls when they begin and when they end, of older ones never")
    mutating func reports() throws {
        let early = story.logIn("1002")
        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, early)
        let (agent, supervisor, _) = try begin()
        let calls = (story.platform.state["calls"]?.array ?? []).compactMap { $0["ccNumber"]?.string }
        #expect(
            story.news(supervisor) == [#"<rc n="1001_00010078" t="10010" c="\#(calls[1])" b="0" e=""/>"#])
        story.send(#"<cc a="106" c="\#(calls[0])"/>"#, early)
        story.wait(.seconds(2))
        story.send(#"<cc a="106" c="\#(calls[1])"/>"#, agent)
        #expect(
            story.news(supervisor) == [#"<rc n="1001_00010078" t="10010" c="\#(calls[1])" b="0" e="2"/>"#])
    }

    @Test("Listening, joining and leaving: in the room as one who is not heard, then as one who is, then not at all")
    mutating func listenAndJoin() throws {
        let (agent, supervisor, call) = try begin()
        _ = story.news(supervisor)
        let before = story.rooms
        story.send(#"<cm a="1" c="\#(call)"/>"#, supervisor)
        #expect(
            story.news(supervisor) == [
                #"<cm a="1" c="\#(call)" r="200"/>"#, "INVITE offer",
                #"<i n="\#(call)" s="*"><u n="10010" a="i" l="m"/></i>"#, #"<cc a="104" c="\#(call)" n="10010"/>"#,
            ])
        let room = try #require(story.rooms.values.first)
        #expect(room.map(\.isHeard) == [true, false, true])
        #expect(room.map(\.hears) == [true, true, true])
        story.send(#"<cm a="3" c="\#(call)"/>"#, supervisor)
        #expect(story.rooms.values.first?.map(\.isHeard) == [true, true, true])
        story.send(#"<cm a="4" c="\#(call)"/>"#, supervisor)
        #expect(
            story.news(supervisor).suffix(3) == [
                #"<cm a="4" c="\#(call)" r="200"/>"#, "BYE", #"<cc a="105" c="\#(call)" n="10010" r="26"/>"#,
            ])
        #expect(story.rooms == before)
        #expect(story.news(agent) == [])
    }

    @Test("Ending the watched call, or another one without listening, is r=26 for the agent")
    mutating func end() throws {
        for (verb, listens) in [("5", true), ("6", false)] {
            var test = SimulatorSupervisorTests()
            let (agent, supervisor, call) = try test.begin()
            if listens { test.story.send(#"<cm a="1" c="\#(call)"/>"#, supervisor) }
            test.story.send(#"<cm a="\#(verb)" c="\#(call)"/>"#, supervisor)
            #expect(test.story.news(agent) == ["BYE", #"<cc a="105" c="\#(call)" n="10010" r="26"/>"#])
            #expect(test.story.news(supervisor).contains(#"<cm a="\#(verb)" c="\#(call)" r="200"/>"#))
            #expect(test.story.platform.state["calls"] == [])
        }
    }

    @Test("If the watched call ends, so does the listening")
    mutating func endsByItself() throws {
        let (agent, supervisor, call) = try begin()
        story.send(#"<cm a="1" c="\#(call)"/>"#, supervisor)
        _ = story.news(supervisor)
        story.send(#"<cc a="106" c="\#(call)"/>"#, agent)
        #expect(story.news(supervisor).prefix(2) == ["BYE", #"<cc a="105" c="\#(call)" n="10010" r="25"/>"#])
        #expect(story.platform.state["calls"] == [])
    }

    @Test("Who has been let in may go on, or out again, before there is sound", arguments: ["2", "34", "5", "35"])
    mutating func hasty(verbs: String) throws {
        let (agent, supervisor, call) = try begin()
        _ = story.news(supervisor)
        story.makesOffers = false
        for verb in "1" + verbs { story.send("<cm a=\"\(verb)\" c=\"\(call)\"/>", supervisor) }
        let news = story.news(supervisor)
        #expect(news.filter { $0.hasPrefix("<cm") } == ("1" + verbs).map { #"<cm a="\#($0)" c="\#(call)" r="200"/>"# })
        #expect(news.contains(#"<cc a="105" c="\#(call)" n="10010" r="20"/>"#))
        #expect(story.news(agent).contains { $0.hasPrefix(#"<cc a="105""#) } == verbs.hasSuffix("5"))
    }

    @Test("No supervisor or another group is 403, no call 404, at the wrong time 409")
    mutating func refused() throws {
        let (_, supervisor, call) = try begin()
        let other = story.logIn("1002")
        _ = (story.news(supervisor), story.news(other))
        func answer(_ verb: String, _ call: String, by seat: Platform.ConnectionID) -> [String] {
            story.send(#"<cm a="\#(verb)" c="\#(call)"/>"#, seat)
            return story.news(seat).map { String($0.suffix(10)) }
        }
        #expect(answer("1", call, by: other) == [#" r="403"/>"#])
        #expect(answer("1", "9", by: supervisor) == [#" r="404"/>"#])
        for verb in ["2", "3", "4", "5", "7"] { #expect(answer(verb, call, by: supervisor) == [#" r="409"/>"#]) }
        story.send(#"<cm a="1" c="\#(call)"/>"#, supervisor)
        _ = story.news(supervisor)
        for verb in ["1", "4", "6"] { #expect(answer(verb, call, by: supervisor) == [#" r="409"/>"#]) }
        story.send(#"<cm a="2" c="\#(call)"/>"#, supervisor)
        story.send(#"<cc a="53" g="2034_65656"/>"#, supervisor)
        _ = story.news(supervisor)
        #expect(answer("1", call, by: supervisor) == [#" r="403"/>"#])
    }
}
