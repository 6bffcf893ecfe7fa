import ControlAPI
import FoundationEssentials
import Testing
import Wire

@testable import Dialect

@Suite("webApiHandler (platform protocol §1)")
struct PlatformQueryTests {
    private let platform = Platform(configuration: .init(hosts: HostTable([:])))
    private let user = User(
        credentials: Credentials(
            extensionNumber: "1006", password: Redacted("1006"), switchboardNumber: "02566699734"),
        displayName: "Li", sipUser: "1006_00010078", domain: "sip.example", enterpriseID: "65656",
        data: nil, webDomain: "web.example")

    private func query(_ function: String, _ parameters: [String: String] = [:]) throws(Problem) -> any WebQuery {
        try platform.query(function, parameters, user: user)
    }

    private func answer(_ function: String, _ body: String?, _ parameters: [String: String] = [:]) throws -> JSON {
        try query(function, parameters).answer(body.map { Array($0.utf8) })
    }

    @Test("Who asks is the agent of getUser, unless the request says otherwise; the password goes as its MD5")
    func urls() throws {
        let own = "un=1006&pwd=9246444d94f081e3549803b928260f56&eid=65656"
        #expect(try query("getGroups").url.value == "https://web.example/Talk/Api/getGroups?\(own)")
        #expect(
            try query("searchEpMembers", ["searchGid": "2033", "length": "10", "start": "20", "other": "x"]).url.value
                == "https://web.example/Talk/Api/searchEpMembers?\(own)&searchGid=2033&start=20&length=10")
        #expect(
            try query("getMemberCallStates", ["un": "1007", "pwd": "1006", "eid": "7", "uid": "1"]).url.value
                == "https://web.example/Talk/Api/getMemberCallStates?un=1007&pwd=9246444d94f081e3549803b928260f56&eid=7&uid=1"
        )
    }

    @Test("getGroups gives id, eid and name")
    func groups() throws {
        let body = #"{"status":"0","data":[{"id":"2033","eid":65656,"name":"售前咨询","pid":"0"}]}"#
        #expect(
            try answer("getGroups", body) == [
                "status": 200, "info": "获取成功",
                "returnData": [["id": "2033", "eid": 65656, "name": "售前咨询"]],
            ])
    }

    @Test("searchEpMembers gives a page of colleagues, and of each whether it is offline, idle or busy")
    func members() throws {
        let members = (0...6).map {
            "{\"uid\":\"\($0)\",\"displayname\":\"m\",\"service_control\":\"\($0)\",\"pwd\":\"x\"}"
        }
        let body =
            "{\"status\":0,\"data\":{\"recordsTotal\":\"7\",\"recordsFiltered\":7,\"data\":[\(members.joined(separator: ","))]}}"
        let data = try answer("searchEpMembers", body)["returnData"]
        #expect(data?["recordsTotal"] == 7)
        #expect(data?["recordsFiltered"] == 7)
        #expect(data?["data"]?.array?.map { $0["kefuStatus"] } == [0, 1, 2, 2, 2, 2, 2])
        #expect(
            data?["data"]?.array?.first == [
                "uid": "0", "displayname": "m", "displayName": "m", "service_control": "0", "kefuStatus": 0,
            ])
    }

    @Test("getMemberCallStates gives all states or those of one uid")
    func callStates() throws {
        let body = #"{"status":0,"data":[{"uid":"1","state":"0"},{"uid":2,"state":"5"}]}"#
        #expect(try answer("getMemberCallStates", body)["returnData"]?.array?.count == 2)
        #expect(
            try answer("getMemberCallStates", body, ["uid": "2"])["returnData"] == [["uid": 2, "state": "5"]])
    }

    @Test("Any other name is 50007")
    func unknown() {
        #expect(throws: Problem.webAPIFailed(.unknownRequest)) { try query("getinfo") }
        #expect(throws: Problem.webAPIFailed(.unknownRequest)) { try query("") }
    }

    @Test(
        "A refusal, no answer and one of another shape fail with the function's own code",
        arguments: [
            ("getGroups", SDKCode.groupsFailed), ("searchEpMembers", .membersFailed),
            ("getMemberCallStates", .callStatesFailed),
        ])
    func failures(function: String, code: SDKCode) throws {
        let refused = Problem.webAPIFailed(code, detail: "nein")
        #expect(throws: refused) { try answer(function, #"{"status":1,"info":"nein"}"#) }
        #expect(refused.code == code.rawValue)
        #expect(refused.result == ["status": .integer(Int64(code.rawValue)), "info": "nein"])
        let silent = Problem.webAPIFailed(code, detail: "The platform's user API does not answer.")
        #expect(throws: silent) { try answer(function, nil) }
        #expect(throws: silent) { try answer(function, "<html>") }
        #expect(throws: Problem.webAPIFailed(code)) { try answer(function, #"{"status":0,"data":"x"}"#) }
    }
}
