import ControlAPI
import Testing
import Wire

@testable import Dialect

@Suite("The HTTP calls behind getUser (platform protocol §1)")
struct UserLookupTests {
    private let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 1_700_000_000_000)
    private let credentials = Credentials(
        extensionNumber: "1006", password: Redacted("1006"), switchboardNumber: "02566699734")
    /// md5("1006")
    private static let pwd = "9246444d94f081e3549803b928260f56"

    private func makeLookup(
        hosts: [String: String] = ["025": "ops.example"], directory: Directory? = nil
    ) -> any UserLookup {
        Platform(configuration: .init(hosts: HostTable(hosts), directory: directory))
            .lookup(credentials, randomness: .seeded(7))
    }

    private func fetched(_ json: String) -> UserLookupInput { .fetched(Array(json.utf8)) }

    private static let info =
        #"{"status":"0","data":{"domain":"sip.example","port":"5060","real_domain":"web.example","eid":"65656"}}"#
    private static let profile = #"{"status":0,"data":{"epProfile":{"extension_start":"1000","extension_end":1999}}}"#
    private static let member =
        #"{"status":0,"data":{"id":"1","displayname":"Li","number":"1006","inGroups":[{"id":"2033","eid":"65656","name":"售前咨询"}]}}"#

    @Test("getinfo, getEpProfile, getMemberInfo and updateInfo make the user")
    func success() {
        var lookup = makeLookup()
        let query = "un=1006&pwd=\(Self.pwd)"
        #expect(
            lookup.handle(.start, at: now)
                == .fetch(
                    Redacted("https://ops.example:1047/Api/Client/getinfo?\(query)&switchNumber=02566699734&cFlag=1")))
        #expect(
            lookup.handle(fetched(Self.info), at: now)
                == .fetch(Redacted("https://web.example/Talk/Api/getEpProfile?\(query)&eid=65656")))
        #expect(
            lookup.handle(fetched(Self.profile), at: now)
                == .fetch(Redacted("https://web.example/Talk/Api/getMemberInfo?\(query)&eid=65656")))
        #expect(
            lookup.handle(fetched(Self.member), at: now)
                == .fetch(
                    Redacted(
                        "https://web.example/Talk/Api/updateInfo?\(query)&eid=65656"
                            + "&jsonStr=%7B%22data%22%3A%7B%22callintype%22%3A2%7D%7D")))
        let user = User(
            credentials: credentials, displayName: "Li", sipUser: "1006_00010078", domain: "sip.example",
            enterpriseID: "65656", extensionRange: 1000...1999,
            data: [
                "userData": ["id": "1", "displayname": "Li", "number": "1006"],
                "inGroups": [["id": "2033", "eid": "65656", "name": "售前咨询"]],
            ], webDomain: "web.example")
        #expect(lookup.handle(fetched(#"{"status":0}"#), at: now) == .found(user))
    }

    @Test(
        "A status of getinfo has its code",
        arguments: [
            ("4", SDKCode.wrongCredentials), ("7", .wrongCredentials), ("8", .wrongCredentials),
            ("3", .noSuchEnterprise), ("\"6\"", .noSuchEnterprise), ("99", .serverError),
        ])
    func infoFailure(status: String, code: SDKCode) {
        var lookup = makeLookup()
        _ = lookup.handle(.start, at: now)
        #expect(
            lookup.handle(fetched("{\"status\":\(status),\"info\":\"nein\"}"), at: now)
                == .failed(.getUserFailed(code, detail: "nein")))
    }

    @Test("No answer, and one that cannot be read, is a server error with a reason")
    func noAnswer() {
        var lookup = makeLookup()
        _ = lookup.handle(.start, at: now)
        #expect(
            lookup.handle(.fetched(nil), at: now)
                == .failed(.getUserFailed(.serverError, detail: "The platform's user API does not answer.")))
        var other = makeLookup()
        _ = other.handle(.start, at: now)
        #expect(
            other.handle(fetched("<html>"), at: now)
                == .failed(.getUserFailed(.serverError, detail: "The platform's answer cannot be read.")))
    }

    @Test("A refused later step is 50005")
    func laterFailure() {
        var lookup = makeLookup()
        _ = lookup.handle(.start, at: now)
        _ = lookup.handle(fetched(Self.info), at: now)
        #expect(lookup.handle(fetched(#"{"status":1}"#), at: now) == .failed(.getUserFailed(.noLoginData)))
    }

    @Test("A number in no table is 50002")
    func noHost() {
        var lookup = makeLookup(hosts: ["010": "elsewhere"])
        #expect(
            lookup.handle(.start, at: now)
                == .failed(
                    .getUserFailed(.noOperationsHost, detail: "No host is configured for this switchboard number.")))
    }

    @Test("The whole number comes before the longest area code")
    func hostTable() {
        let table = HostTable(["": "any", "02": "short", "025": "long", "02566699734": "exact"])
        #expect(table.host(for: "02566699734") == "exact")
        #expect(table.host(for: "0251") == "long")
        #expect(table.host(for: "021") == "short")
        #expect(table.host(for: "1") == "any")
        #expect(HostTable(["025": "x"]).host(for: "010") == nil)
    }

    @Test("With a directory the key is fetched, then the list, each request signed")
    func directory() {
        let directory = Directory(host: "dir.example", version: "2", key: "KEY", provinces: ["025": "江苏"])
        var lookup = makeLookup(hosts: [:], directory: directory)
        guard case .fetch(let first) = lookup.handle(.start, at: now),
            let signed = try?
                #/^http://dir\.example/Api/Client/getSignKey\?v=2&t=1700000000000&salt=(\d{6})&sign=([0-9a-f]{32})$/#
                .wholeMatch(in: first.value)
        else {
            Issue.record("no signed request")
            return
        }
        #expect(signed.2 == md5("21700000000000\(signed.1)KEY"))
        guard case .fetch(let second) = lookup.handle(fetched(#"{"status":0,"data":"K"}"#), at: now),
            let list = try?
                #/^http://dir\.example/Api/Client/getMtServerList\?v=2&t=1700000000000&salt=(\d{6})&sign=([0-9a-f]{32})$/#
                .wholeMatch(in: second.value)
        else {
            Issue.record("no list request")
            return
        }
        #expect(list.2 == md5("21700000000000K" + md5(String(list.1))))
        let answer =
            #"{"status":0,"data":[{"province":"北京","s_client_domain":"bj"},{"province":"江苏","s_client_domain":"js.example"}]}"#
        guard case .fetch(let info) = lookup.handle(fetched(answer), at: now) else {
            Issue.record("no getinfo")
            return
        }
        #expect(info.value.hasPrefix("https://js.example:1047/Api/Client/getinfo?"))
    }

    @Test("The password itself is in no URL")
    func passwordDigested() {
        let secret = Credentials(extensionNumber: "1", password: Redacted("geheim"), switchboardNumber: "025")
        var lookup = Platform(configuration: .init(hosts: HostTable(["": "ops"])))
            .lookup(secret, randomness: .seeded(1))
        guard case .fetch(let url) = lookup.handle(.start, at: now) else {
            Issue.record("no request")
            return
        }
        #expect(!url.value.contains("geheim"))
        #expect("\(url)" == "•••")
    }
}
