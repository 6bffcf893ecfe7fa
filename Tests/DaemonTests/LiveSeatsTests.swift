import ControlAPI
import Daemon
import Testing
import Wire

@Suite("Several seats in one daemon", .serialized, .timeLimit(.minutes(2)))
struct LiveSeatsTests {
    private func user(_ number: String) -> JSON {
        ["un": .string(number), "pwd": .string(number), "switchnumber": "02566699734", "gid": 2033]
    }

    @Test("Two seats call each other; each has its own state, events and trace, and all are in those without a name")
    func callEachOther() async throws {
        let house = try await LiveHouse.open()
        let (all, ofAnna) = (try LiveEvents(house), try LiveEvents(house, seat: "anna"))
        #expect(await all.open() == nil)
        #expect(await ofAnna.open() == nil)
        try await house.logIn(all)
        #expect(try await house.get("seats/anna/checkLogin").body == ["result": 0])
        #expect(try await house.get("state").body["seats"]?.object?.keys.sorted() == ["default"])
        #expect(try await house.post("seats/anna/getUser", user("1002")).status == 200)
        #expect(try await house.post("seats/anna/init", user("1002")).body == ["result": true])
        #expect(try await ofAnna.next("register")["code"] == 200)
        #expect(try await ofAnna.next("statusChanged")["status"] == 1)
        #expect(try await all.next()["seat"] == "anna")
        #expect(try await all.next()["seat"] == "anna")

        #expect(try await house.post("call", ["number": "1002"]).body == ["result": 3])
        _ = try await all.next("callEvent", "callinResponse")
        let offer = try await ofAnna.next("callEvent", "newPBXCall")
        let call = try #require(offer["c"])
        #expect(try await house.post("seats/anna/answerPBXCall", ["ccNumber": call]).body == ["result": true])
        #expect(try await ofAnna.next("callEvent", "answeredPBXCall")["c"] == call)
        #expect(try await house.get("seats/anna/checkSeatState").body == ["result": 4])
        #expect(try await house.get("checkSeatState").body == ["result": 4])
        let state = try await house.get("seats/anna/state").body
        #expect(state["seats"]?.object?.keys.sorted() == ["anna"])
        #expect(state["seats"]?["anna"]?["user"]?["un"] == "1002")
        #expect(try await house.get("state").body["seats"]?.object?.keys.sorted() == ["anna", "default"])
        #expect(try await house.post("seats/anna/terminate", ["ccNumber": call]).body == ["result": true])
        #expect(try await ofAnna.next("callEvent", "endPBXCall")["c"] == call)

        let arrows = try await house.get("seats/anna/diagnostics/sip?format=json").body["arrows"]?.array ?? []
        let registers = arrows.filter { $0["summary"]?.string?.hasPrefix("REGISTER ") == true }
        #expect(registers.count == 2)
        #expect(registers.allSatisfy { $0["text"]?.string?.contains("sip:1002_00010078") == true })
        #expect(try await house.post("seats/anna/logout").body["code"] == 200)
        #expect(try await ofAnna.next("statusChanged")["status"] == 0)
        #expect(try await house.get("checkLogin").body == ["result": 1])
        await house.close()
    }

    @Test("The seats of the configuration log in by themselves")
    func automatic() async throws {
        let house = try await LiveHouse.open { configuration in
            for (seat, number) in [("anna", "1001"), ("bert", "1002")] {
                var login = Configuration.Login()
                login.un = number
                login.password = Redacted(number)
                login.switchnumber = "02566699734"
                if let seat = SeatName(seat) { configuration.logins[seat] = login }
            }
        }
        for seat in ["anna", "bert"] {
            let events = try LiveEvents(house, seat: seat, after: "-:0")
            #expect(await events.open() == nil)
            var event = try await events.next()
            while event["event"] != "statusChanged" { event = try await events.next() }
            #expect(event["data"]?["status"] == 1)
        }
        #expect(try await house.get("checkLogin").body == ["result": 0])
        let state = try await house.get("state").body
        #expect(state["seats"]?["bert"]?["user"]?["un"] == "1002")
        await house.close()
    }

    @Test("A seat that was only asked about, or whose user is refused, leaves nothing behind; a bad name is no seat")
    func nothingLeft() async throws {
        let house = try await LiveHouse.open()
        #expect(try await house.get("seats/bert/checkSeatState").body == ["result": 0])
        #expect(try await house.post("seats/bert/call", ["number": "10010"]).status == 409)
        #expect(try await house.post("seats/bert/logout").body["code"] == 200)
        let refused: JSON = ["un": "1001", "pwd": "wrong", "switchnumber": "02566699734"]
        #expect(try await house.post("seats/bert/getUser", refused).status == 422)
        #expect(try await house.get("seats/bert/state").body["seats"]?["bert"]?["registration"] == "loggedOut")
        #expect(try await house.get("state").body["seats"]?.object?.keys.sorted() == ["default"])
        #expect(try await house.get("seats/b%20t/checkSeatState").status == 404)
        await house.close()
    }
}
