import ControlAPI
import Testing
import Wire

@testable import Dialect

@Suite("getUser2: sound at another telephone (platform protocol §1, steps 5 and 6)")
struct TelephoneLookupTests {
    private static let identification = "un=1006&pwd=9246444d94f081e3549803b928260f56&eid=65656"
    private static let info = #"{"status":0,"data":{"domain":"sip.example","real_domain":"web.example","eid":65656}}"#

    /// What is fetched after the member's data, and what the last answer leads to.
    private func steps(
        _ telephone: Command.Telephone, profile: String = "{}", last: String = #"{"status":0}"#
    ) -> (urls: [String], output: UserLookupOutput) {
        let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 0)
        let credentials = Credentials(
            extensionNumber: "1006", password: Redacted("1006"), switchboardNumber: "02566699734")
        var lookup = Platform(configuration: .init(hosts: HostTable(["": "ops"])))
            .lookup(credentials, telephone: telephone, randomness: .seeded(1))
        var output = lookup.handle(.start, at: now)
        let profile = "{\"status\":0,\"data\":{\"epProfile\":\(profile)}}"
        for answer in [Self.info, profile, #"{"status":0,"data":{"inGroups":[]}}"#] {
            output = lookup.handle(.fetched(Array(answer.utf8)), at: now)
        }
        var urls: [String] = []
        while case .fetch(let url) = output {
            urls.append(url.value)
            output = lookup.handle(.fetched(Array(last.utf8)), at: now)
        }
        return (urls, output)
    }

    private func update(_ data: String) -> String {
        "https://web.example/Talk/Api/updateInfo?\(Self.identification)&jsonStr=" + data
    }

    private static let callback = "%7B%22data%22%3A%7B%22callintype%22%3A4%2C%22telephone%22%3A%2213800138000%22%7D%7D"
    private static let check = "https://web.example/Talk/Mapi/checkRegisterStatus?mobile=13800138000&eid=65656"

    @Test("4 asks whether the telephone is registered, then names it")
    func callback() {
        let (urls, output) = steps(.callback(number: "13800138000"))
        #expect(urls == [Self.check, update(Self.callback)])
        guard case .found(let user) = output else {
            Issue.record("not found")
            return
        }
        #expect(user.telephone == .callback(number: "13800138000"))
    }

    @Test("It is not asked where terminal_need_reg is 0, nor of a number written A…Z, which loses these letters")
    func unasked() {
        for need in ["0", "\"0\""] {
            let profile = "{\"terminal_need_reg\":\(need)}"
            #expect(steps(.callback(number: "13800138000"), profile: profile).urls == [update(Self.callback)])
        }
        let (urls, output) = steps(.callback(number: "A13800138000Z"), profile: #"{"terminal_need_reg":"1"}"#)
        #expect(urls == [update(Self.callback)])
        guard case .found(let user) = output else {
            Issue.record("not found")
            return
        }
        #expect(user.telephone == .callback(number: "13800138000"))
        #expect(steps(.callback(number: "A13800138000")).urls.count == 2)
    }

    @Test("A telephone that is not registered is 50006")
    func notRegistered() {
        let (urls, output) = steps(.callback(number: "13800138000"), last: #"{"status":1,"info":"未注册"}"#)
        #expect(urls == [Self.check])
        #expect(output == .failed(.getUserFailed(.callbackNotRegistered, detail: "未注册")))
    }

    @Test("5 names the SIP telephone, 2 names none")
    func sip() {
        let data = "%7B%22data%22%3A%7B%22callintype%22%3A5%2C%22sip_telephone%22%3A%228001%22%7D%7D"
        #expect(steps(.sip(number: "8001")).urls == [update(data)])
        #expect(steps(.here).urls == [update("%7B%22data%22%3A%7B%22callintype%22%3A2%7D%7D")])
    }

    @Test(
        "Calls are answered without the agent after the time the enterprise says, if it says so",
        arguments: [
            (#"{"allow_auto_answer":"1","auto_answer_duration":"3"}"#, Duration.seconds(3)),
            (#"{"allow_auto_answer":1}"#, .zero), (#"{"allow_auto_answer":0,"auto_answer_duration":3}"#, nil),
            ("{}", nil),
            (#"{"allow_auto_answer":1,"auto_answer_duration":-1}"#, .zero),
        ] as [(String, Duration?)])
    func autoAnswer(profile: String, after: Duration?) {
        guard case .found(let user) = steps(.here, profile: profile).output else {
            Issue.record("not found")
            return
        }
        #expect(user.autoAnswer == after)
    }
}
