import Foundation
import HTTPTypes
import Simulator
import Testing
import Wire

@Suite("The scenario API of the simulated platform")
struct SimulatorScenarioTests {
    private var story = SimulatorStory()

    private mutating func put(_ path: String, _ body: String) -> (status: Int, body: JSON) {
        story.request(.put, "/sim/" + path, body)
    }

    @discardableResult
    private mutating func post(_ path: String, _ body: String = "") -> (status: Int, body: JSON) {
        story.request(.post, "/sim/" + path, body)
    }

    private mutating func refusal(_ seat: Platform.ConnectionID, calling number: String = "10010") -> String? {
        _ = story.news(seat)
        story.send(#"<cc a="200" p="02566699734" i="1" t="\#(number)"/>"#, seat)
        let news = story.news(seat).first
        return news?.firstMatch(of: #/ r="(\d+)"/#).map { String($0.1) }
    }

    @Test("openapi.yaml lists the operations there are, and it is served")
    mutating func contract() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Simulator")
        let yaml = try String(contentsOf: root.appending(path: "openapi.yaml"), encoding: .utf8)
        var (path, method): (String, String) = ("", "")
        var described: [String] = []
        for line in yaml.split(separator: "\n").prefix(while: { $0 != "components:" }) {
            if let match = line.wholeMatch(of: #/\ \ (/\S+):/#) { path = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {4}(get|post|put|delete):/#) { method = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {6}operationId: (\w+)/#) {
                described.append("\(method) \(path) \(match.1)")
            }
        }
        let operations = ScenarioOperation.allCases.map {
            "\($0.method.rawValue.lowercased()) \($0.path) \($0.rawValue)"
        }
        #expect(described.sorted() == operations.sorted())
        #expect(story.download("/sim/openapi.yaml") == [UInt8](yaml.utf8))
    }

    @Test("A path that is not there is 404, another method 405, an unknown or unusable member 400")
    mutating func refused() {
        #expect(post("nothing").status == 404)
        #expect(post("customers/1").status == 405)
        #expect(put("customers/1", #"{"voise": "speech"}"#).status == 400)
        #expect(put("customers/1", #"{"voice": "tone:1"}"#).status == 400)
        #expect(put("customers/1", #"{"behaviour": 3}"#).status == 400)
        #expect(put("customers/1", "[]").status == 400)
        #expect(put("seats/9999", "{}").status == 404)
        #expect(post("seats/1001/kick", #"{"reason": 896}"#).status == 400)
        #expect(post("seats/1001/kick", #"{"reason": 895}"#).status == 409)
        #expect(post("customers/1/calls", #"{"extension": "1001"}"#).status == 409)
        #expect(post("customers/1/calls", #"{"extension": "9999"}"#).status == 404)
        #expect(post("customers/1/calls").status == 400)
        #expect(post("customers/1/press", #"{"key": "55"}"#).status == 400)
        #expect(post("customers/1/press", #"{"key": "5"}"#).status == 404)
        #expect(post("customers/1/hangup").status == 404)
        #expect(post("outage", "{}").status == 400)
    }

    @Test("The enterprise's rules refuse calls: suspended 507, closed 508, a customer's limit 512, another number 511")
    mutating func rules() {
        let seat = story.logIn("1001")
        _ = put("enterprise", #"{"suspended": true}"#)
        #expect(refusal(seat) == "507")
        _ = put("enterprise", #"{"suspended": false, "open": false}"#)
        #expect(refusal(seat) == "508")
        #expect(
            put("enterprise", #"{"open": true, "callsPerCustomer": 1}"#).body
                == [
                    "suspended": false, "open": true, "callsPerCustomer": 1, "autoAnswer": nil,
                    "telephonesRegister": true,
                ])
        #expect(refusal(seat) == "200")
        story.hangUp(seat)
        #expect(refusal(seat) == "512")
        #expect(refusal(seat, calling: "10011") == "200")
        story.hangUp(seat)
        #expect(put("enterprise", #"{"callsPerCustomer": null}"#).body["callsPerCustomer"] == .null)
        #expect(refusal(seat) == "200")
        story.hangUp(seat)
        _ = story.news(seat)
        story.send(#"<cc a="200" p="025" i="1" t="10010"/>"#, seat)
        #expect(story.news(seat) == [#"<cc a="201" r="511" n="10010"/>"#])
    }

    @Test(
        "A seat's telephone that is not bound, offline or busy refuses its calls: 470, 471, 486",
        arguments: [("unbound", "470"), ("offline", "471"), ("busy", "486"), ("ready", "200")])
    mutating func telephones(condition: String, result: String) {
        let seat = story.logIn("1001")
        story.get(
            "/Talk/Api/updateInfo?un=1001&pwd=\(SimulatorStory.password)&eid=65656&jsonStr="
                + "%7B%22data%22%3A%7B%22callintype%22%3A5%2C%22sip_telephone%22%3A%22801%22%7D%7D")
        #expect(put("seats/1001", #"{"telephone": "\#(condition)"}"#).body["telephone"] == .string(condition))
        #expect(refusal(seat) == result)
    }

    @Test(
        "A customer behaves as he is told, and as his number says again when that is forgotten",
        arguments: [
            (#"{"behaviour": "busy"}"#, "503"), (#"{"behaviour": "refused", "code": 512}"#, "512"),
            (#"{"behaviour": "answers", "hangsUpAfter": 2}"#, "25"), (#"{"behaviour": "neverAnswers"}"#, "20"),
            (#"{"behaviour": "declines"}"#, "20"),
        ])
    mutating func customer(body: String, reason: String) {
        let seat = story.logIn("1001")
        #expect(put("customers/10010", body).status == 200)
        #expect(refusal(seat) == (reason.count == 3 ? reason : "200"))
        story.wait(.seconds(15))
        if reason.count == 2 { #expect(story.news(seat).last?.contains("r=\"\(reason)\"") == true) }
        #expect(story.request(.delete, "/sim/customers/10010", "").body["behaviour"] == "answers")
    }

    @Test(
        "Seats are logged out with each of the reasons (protocol §3.2), and may come again",
        arguments: [895, 897, 898, 899])
    mutating func kick(reason: Int) {
        let seat = story.logIn("1001")
        _ = story.news(seat)
        #expect(post("seats/1001/kick", #"{"reason": \#(reason)}"#).status == 200)
        #expect(story.news(seat) == [#"<o><a><u n="1001" a="o" nm="坐席1001" r="\#(reason)"/></a></o>"#])
        #expect(story.platform.state["seats"] == [])
        let again = story.logIn("1001")
        #expect(story.news(again) == [#"<cc a="1"/>"#])
    }

    @Test("What the enterprise's profile says of answering and of telephones can be changed (protocol §1, step 3)")
    mutating func profile() {
        _ = put("enterprise", #"{"autoAnswer": 3, "telephonesRegister": false}"#)
        let path = "/Talk/Api/getEpProfile?un=1001&pwd=\(SimulatorStory.password)&eid=65656"
        let profile = story.request(.get, path, "").body["data"]?["epProfile"]
        #expect(profile?["allow_auto_answer"] == "1")
        #expect(profile?["auto_answer_duration"] == 3)
        #expect(profile?["terminal_need_reg"] == "0")
        #expect(put("enterprise", #"{"autoAnswer": null}"#).body["autoAnswer"] == .null)
    }

    @Test("Dropped connections may be made again; after a restart nothing is known any more")
    mutating func dropAndRestart() {
        let seat = story.logIn("1001")
        post("drop")
        #expect(story.done.last == .close(seat))
        #expect(story.platform.acceptsConnections)
        #expect(refusal(seat) == "200")
        post("restart")
        #expect(story.platform.state["calls"] == [])
        #expect(story.platform.state["seats"] == [])
        #expect(story.done.last == .close(seat))
        _ = story.news(seat)
        story.send(#"<cc a="1"/>"#, seat)
        #expect(story.news(seat) == [])
    }

    @Test("A silent platform hears and says nothing until it is over")
    mutating func silence() {
        let seat = story.logIn("1001")
        _ = story.news(seat)
        #expect(post("outage", #"{"silent": true}"#).body == ["sip": false, "silent": true])
        story.send(#"<cc a="2"/>"#, seat)
        #expect(story.news(seat) == [])
        #expect(!story.platform.acceptsConnections)
        #expect(
            story.platform.isSilenced(
                HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/Api/Client/getinfo")))
        post("outage", #"{"silent": false}"#)
        story.send(#"<cc a="2"/>"#, seat)
        #expect(story.news(seat) == [#"<cc a="2"/>"#])
    }
}
