import Testing
import Wire

@testable import ControlAPI

@Suite("Requests become commands")
struct CommandTests {
    private func command(_ operation: ControlAPI.Operation, _ body: String) throws(Problem) -> Command? {
        try Command(operation, body: Array(body.utf8).span)
    }

    @Test("getUser takes un, pwd and switchnumber, numbers where strings are meant too")
    func getUser() throws {
        let expected = Command.getUser(.init(un: "1006", pwd: Redacted("1006"), switchnumber: "02566699734"))
        #expect(try command(.getUser, #"{"un":1006,"pwd":"1006","switchnumber":"02566699734"}"#) == expected)
    }

    @Test("init takes gid 0, an optional socketUri and remoteAudio, and members it does not know")
    func initialize() throws {
        let body = #"{"un":"1006","pwd":"p","switchnumber":"025","gid":0,"remoteAudio":"x","y":1}"#
        let expected = Command.initialize(
            .init(un: "1006", pwd: Redacted("p"), switchnumber: "025", gid: "0", remoteAudio: "x"))
        #expect(try command(.initialize, body) == expected)
    }

    @Test(
        "init names the parameter that is missing and says false",
        arguments: ["un", "pwd", "switchnumber", "gid"])
    func initializeIncomplete(missing: String) throws {
        let members = ["un", "pwd", "switchnumber", "gid"].filter { $0 != missing }.map { "\"\($0)\":\"1\"" }
        #expect(throws: Problem.missingParameter(missing).with(result: false)) {
            try command(.initialize, "{\(members.joined(separator: ","))}")
        }
    }

    @Test(
        "A body that is not a JSON object is refused (RFC 8259)",
        arguments: ["[]", "1", "{", "{\"number\":\"1\"} x", "\u{0}", "\"number\""])
    func malformedBody(body: String) {
        #expect(throws: Problem.malformedBody) { try command(.call, body) }
    }

    @Test("A parameter that is null or left out is missing, one of another kind is invalid")
    func badParameter() {
        #expect(throws: Problem.missingParameter("number")) { try command(.call, "") }
        #expect(throws: Problem.missingParameter("number")) { try command(.call, #"{"number":null}"#) }
        #expect(throws: Problem.invalidParameter("number")) { try command(.call, #"{"number":["1"]}"#) }
        #expect(throws: Problem.invalidParameter("number")) { try command(.call, #"{"number":""}"#) }
    }

    @Test("state and events are not for a seat")
    func daemonOperations() throws {
        #expect(try command(.state, "") == nil)
        #expect(try command(.events, "") == nil)
    }

    @Test("No parameter shows a password")
    func passwordsStayHidden() throws {
        let text = String(describing: try command(.getUser, #"{"un":"1","pwd":"geheim","switchnumber":"2"}"#))
        #expect(!text.contains("geheim"))
    }
}
