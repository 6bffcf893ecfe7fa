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

    @Test("getUser2 takes callintype 2, 4 and 5, and 2 if there is none; 4 and 5 need a number")
    func getUser2() throws {
        func telephone(_ members: String) throws -> Command.Telephone? {
            let body = #"{"un":"1006","pwd":"1006","switchnumber":"025""# + members + "}"
            guard case .getUser(let parameters) = try command(.getUser2, body) else { return nil }
            return parameters.telephone
        }
        #expect(try telephone("") == .here)
        #expect(try telephone(#","callintype":null"#) == .here)
        #expect(try telephone(#","callintype":2"#) == .here)
        #expect(try telephone(#","callintype":"4","number":13800138000"#) == .callback(number: "13800138000"))
        #expect(try telephone(#","callintype":5,"number":"8001""#) == .sip(number: "8001"))
        #expect(throws: Problem.missingParameter("number")) { try telephone(#","callintype":4"#) }
        #expect(throws: Problem.missingParameter("number")) { try telephone(#","callintype":5"#) }
        for other in ["1", "3", "\"\"", "true", "[4]", "4.5"] {
            #expect(throws: Problem.invalidParameter("callintype")) {
                try telephone(",\"callintype\":\(other),\"number\":\"1\"")
            }
        }
        #expect(Problem.invalidParameter("callintype").code == 50001)
        #expect(throws: Problem.missingParameter("switchnumber")) { try command(.getUser2, #"{"un":"1","pwd":"1"}"#) }
    }

    @Test("A second argument of call makes the number an encrypted one; an area code is digits")
    func call() throws {
        #expect(try command(.call, #"{"number":95588}"#) == .call(number: "95588"))
        #expect(try command(.call, #"{"number":"x","callNumType":null}"#) == .call(number: "x"))
        for type in ["\"encrypt\"", "1", "\"\""] {
            #expect(
                try command(.call, "{\"number\":\"x\",\"callNumType\":\(type)}")
                    == .call(number: "x", isEncrypted: true))
        }
        #expect(try command(.call, #"{"number":"1","areaCode":"025"}"#) == .call(number: "1", areaCode: "025"))
        #expect(throws: Problem.invalidParameter("areaCode")) {
            try command(.call, #"{"number":"1","areaCode":["025"]}"#)
        }
    }

    @Test("transferPBXCall takes the colleague's number under both of the SDK's names")
    func transfer() throws {
        let expected = Command.transferPBXCall(.init(gid: "2069", transNumber: "1023", ccNumber: "7"))
        #expect(try command(.transferPBXCall, #"{"gid":2069,"transNumber":1023,"ccNumber":"7"}"#) == expected)
        #expect(try command(.transferPBXCall, #"{"gid":2069,"tranNumber":1023,"ccNumber":"7"}"#) == expected)
        #expect(throws: Problem.missingParameter("transNumber")) {
            try command(.transferPBXCall, #"{"gid":2069,"ccNumber":"7"}"#)
        }
    }

    @Test("webApiHandler takes the function's name from the path, and what is a text or a number")
    func webApiHandler() throws {
        let body = Array(#"{"searchGid":2033,"length":"10","pwd":"geheim","other":[1]}"#.utf8)
        let command = try Command(.webApiHandler, parameter: "searchEpMembers", body: body.span)
        let expected = ["searchGid": "2033", "length": "10", "pwd": "geheim"]
        #expect(command == .webApiHandler(functionName: "searchEpMembers", Redacted(expected)))
        #expect(!String(describing: command).contains("geheim"))
    }

    @Test("A seat's mode is 51 or 52")
    func seatMode() throws {
        #expect(try command(.setSeatMode, #"{"seatMode":51}"#) == .setSeatMode(.mobile))
        #expect(try command(.setSeatMode, #"{"seatMode":"52"}"#) == .setSeatMode(.fixed))
        #expect(throws: Problem.invalidParameter("seatMode")) { try command(.setSeatMode, #"{"seatMode":1}"#) }
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

    @Test("A text is one line of at most 256 bytes", arguments: ["ccNumber", "string", "un", "searchGid"])
    func text(name: String) throws {
        let operations: [String: ControlAPI.Operation] = [
            "ccNumber": .terminate, "string": .sendDTMF, "un": .getUser, "searchGid": .webApiHandler,
        ]
        let operation = try #require(operations[name])
        let tooLong = String(repeating: "9", count: 257)
        for text in [tooLong, "7\\n", "7\\u0000", "\\u001b7"] {
            #expect(throws: Problem.invalidParameter(name)) { try command(operation, "{\"\(name)\":\"\(text)\"}") }
        }
        let longest = String(tooLong.dropLast())
        #expect(try command(.terminate, "{\"ccNumber\":\"\(longest)\"}") == .terminate(ccNumber: longest))
    }

    @Test(
        "What init can do without must still be a text if it is there; socketUri has room for eight gateways",
        arguments: ["socketUri", "remoteAudio"])
    func initializeOptional(name: String) throws {
        func initialize(_ value: String) throws -> Command? {
            try command(.initialize, "{\"un\":1,\"pwd\":1,\"switchnumber\":1,\"gid\":0,\"\(name)\":\(value)}")
        }
        for value in ["true", "[]", "{}", "\"\(String(repeating: "w", count: 2049))\""] {
            #expect(throws: Problem.invalidParameter(name).with(result: false)) { try initialize(value) }
        }
        #expect(throws: Never.self) { try initialize("null") }
        let gateways = Array(repeating: "wss://gateway.example:9060/" + String(repeating: "p", count: 64), count: 8)
        guard name == "socketUri" else { return }
        #expect(throws: Never.self) { try initialize("\"\(gateways.joined(separator: ","))\"") }
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
