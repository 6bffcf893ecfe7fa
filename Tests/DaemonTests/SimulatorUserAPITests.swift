import Foundation
import HTTPTypes
import Simulator
import Testing
import Wire

@Suite("The simulated user API (platform protocol §1)")
struct SimulatorUserAPITests {
    private static let password = "b8c37e33defde51cf91e1e03e51657da"

    private func get(_ path: String) throws -> JSON {
        var configuration = Platform.Configuration()
        configuration.sipPort = 9060
        var platform = Platform(configuration: configuration, randomness: .seeded(1))
        let request = HTTPRequest(method: .get, scheme: "https", authority: "127.0.0.1:1047", path: path)
        let (response, body, outputs) = platform.handle(request, body: [], at: Instant(nanoseconds: 0))
        #expect(response.status == .ok)
        #expect(outputs.isEmpty)
        return try JSONDecoder().decode(JSON.self, from: Data(body))
    }

    @Test("Step 2 tells where the platform is and which enterprise it is")
    func operations() throws {
        let answer = try get(
            "/Api/Client/getinfo?un=1001&pwd=\(Self.password)&switchNumber=02566699734&cFlag=1")
        #expect(
            answer == [
                "status": "0", "info": "ok",
                "data": [
                    "domain": "platform.test", "port": 9060, "real_domain": "127.0.0.1:1047", "http_port": "1047",
                    "http_ports": "1047", "epName": "演示企业", "eid": "65656",
                ],
            ])
    }

    @Test(
        "Step 2 refuses with the statuses that become 50003 and 50004",
        arguments: [
            ("un=1001&pwd=\(password)&switchNumber=025", 3),
            ("un=1500&pwd=\(password)&switchNumber=02566699734", 4),
            ("un=1001&pwd=\(password)&switchNumber=02566690006", 6),
            ("un=1001&pwd=1001&switchNumber=02566699734", 7),
            ("un=1099&pwd=a0160709701140704575d499c997b6ca&switchNumber=02566699734", 8),
        ] as [(String, Int64)])
    func operationsRefused(query: String, status: Int64) throws {
        #expect(try get("/Api/Client/getinfo?" + query)["status"] == .integer(status))
    }

    @Test("Step 3 gives the range of extensions, numbers as strings about as often as not")
    func profile() throws {
        let profile = try get("/Talk/Api/getEpProfile?un=1001&pwd=\(Self.password)&eid=65656")["data"]?["epProfile"]
        #expect(profile?["extension_start"] == "1001")
        #expect(profile?["extension_end"] == 1099)
        #expect(profile?["switch_number_default"] == "02566699734")
    }

    @Test("Step 4 gives the member and the skill groups")
    func member() throws {
        let data = try get("/Talk/Api/getMemberInfo?un=1001&pwd=\(Self.password)&eid=65656")["data"]
        #expect(data?["displayname"] == "坐席1001")
        #expect(data?["uid"] == 1001)
        #expect(
            data?["inGroups"] == [
                ["id": "2033", "eid": "65656", "name": "售前咨询"], ["id": "2034", "eid": "65656", "name": "售后服务"],
            ])
    }

    @Test("Step 6 takes an object with data and refuses anything else")
    func update() throws {
        let query = "/Talk/Api/updateInfo?un=1001&pwd=\(Self.password)&eid=65656&jsonStr="
        #expect(try get(query + "%7B%22data%22%3A%7B%22callintype%22%3A2%7D%7D")["status"] == "0")
        #expect(try get(query + "%7B")["status"] == 1)
    }

    @Test("Step 5: a telephone that ends in 404 is not registered")
    func registerStatus() throws {
        #expect(try get("/Talk/Mapi/checkRegisterStatus?mobile=13800138000&eid=65656")["status"] == "0")
        #expect(try get("/Talk/Mapi/checkRegisterStatus?mobile=13800138404&eid=65656")["status"] == 9)
        #expect(try get("/Talk/Mapi/checkRegisterStatus?mobile=&eid=65656")["status"] == 1)
    }

    @Test(
        "Step 6 takes callintype 2, 4 with telephone and 5 with sip_telephone, and nothing else",
        arguments: [
            (#"{"data":{"callintype":"2"}}"#, "0"), (#"{"data":{"callintype":4,"telephone":"138"}}"#, "0"),
            (#"{"data":{"callintype":5,"sip_telephone":"801"}}"#, "0"), (#"{"data":{"callintype":4}}"#, "1"),
            (#"{"data":{"callintype":5,"telephone":"801"}}"#, "1"), (#"{"data":{"callintype":3}}"#, "1"),
        ])
    func callInType(update: String, status: String) throws {
        let encoded = try #require(update.addingPercentEncoding(withAllowedCharacters: []))
        let answer = try get("/Talk/Api/updateInfo?un=1001&pwd=\(Self.password)&eid=65656&jsonStr=" + encoded)
        #expect(answer["status"]?.lenientString == status)
    }

    @Test("getGroups lists the skill groups")
    func groups() throws {
        let data = try get("/Talk/Api/getGroups?un=1001&pwd=\(Self.password)&eid=65656")["data"]
        #expect(data?.array?.compactMap { $0["id"]?.string } == ["2033", "2034"])
    }

    @Test("searchEpMembers gives a group's members page by page")
    func members() throws {
        let query = "/Talk/Api/searchEpMembers?un=1001&pwd=\(Self.password)&eid=65656&searchGid=2034"
        let all = try get(query)["data"]
        #expect(all?["recordsTotal"] == "5")
        #expect(all?["data"]?.array?.compactMap { $0["number"]?.string } == ["1001", "1003", "1005", "1007", "1010"])
        let page = try get(query + "&start=1&length=2")["data"]
        #expect(page?["recordsTotal"] == "5")
        #expect(page?["data"]?.array?.compactMap { $0["number"]?.string } == ["1003", "1005"])
        #expect(page?["data"]?.array?.first?["service_control"] == "0")
    }

    @Test("getMemberCallStates says what each seat is doing")
    func callStates() throws {
        let data = try get("/Talk/Api/getMemberCallStates?un=1001&pwd=\(Self.password)&eid=65656")["data"]
        #expect(data?.array?.count == 11)
        #expect(data?.array?.first == ["uid": "1001", "number": "1001", "service_control": 0])
    }
}
