import ControlAPI
import Testing
import Wire

@testable import Dialect

@Suite("What the seat's verbs send (platform protocol §3.1)")
struct ActionsTests {
    private let platform = Platform(configuration: .init(hosts: HostTable([:])))
    private let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 1_564_717_108_763)
    private let user = User(
        credentials: Credentials(
            extensionNumber: "1006", password: Redacted("1006"), switchboardNumber: "02566699734"),
        displayName: "Li", sipUser: "1006_00010078", domain: "sip.example", enterpriseID: "65656",
        extensionRange: 1000...1999, data: nil, webDomain: "web.example")

    private func body(_ action: Action) -> String {
        guard case .message(_, _, let body, _) = action else { return "" }
        return String(decoding: body, as: UTF8.self)
    }

    private func body(_ verb: Verb) -> String {
        var randomness = Randomness.seeded(1)
        return body(platform.action(for: verb, user: user, at: now, using: &randomness))
    }

    @Test("Status, seat mode and group go out after registering, in this order")
    func login() {
        let actions = platform.actions(onRegistrationOf: user, group: "2033", status: .idle)
        let declaration = #"<?xml version="1.0" encoding="utf-8"?>"#
        #expect(
            actions.map(body) == [
                declaration + #"<cc a="1"/>"#, declaration + #"<cc a="52"/>"#,
                declaration + #"<cc a="53" g="2033_65656"/>"#,
            ])
        #expect(
            actions.first
                == .message(
                    target: "sip:PBX@sip.example", contentType: "application/pidf+xml",
                    body: Array((declaration + #"<cc a="1"/>"#).utf8), failure: .loginStatusFailed))
    }

    @Test("An outside call names the switchboard number, a time stamp with three digits, and the number")
    func outside() throws {
        let text = body(.call(number: "10010", kind: .outside))
        #expect(try #/a="200" i="1564717108763\d{3}" p="02566699734" t="10010"/>/#.firstMatch(in: text) != nil)
    }

    @Test("An inside call names the extension with the enterprise id in eight hexadecimal digits")
    func inside() {
        #expect(body(.call(number: "1002", kind: .inside)).contains(#"a="300""#))
        #expect(body(.call(number: "1002", kind: .inside)).contains(#"t="1002_00010078""#))
    }

    @Test("An area code goes before the number, or into the attribute that is configured for it")
    func areaCode() {
        #expect(body(.call(number: "66699734", kind: .outside, areaCode: "025")).contains(#"t="02566699734""#))
        var configuration = Platform.Configuration(hosts: HostTable([:]))
        configuration.areaCodeAttribute = "q"
        var randomness = Randomness.seeded(1)
        let action = Platform(configuration: configuration).action(
            for: .call(number: "66699734", kind: .outside, areaCode: "025"), user: user, at: now, using: &randomness)
        #expect(body(action).contains(#"q="025" t="66699734""#))
        #expect(!body(.call(number: "66699734", kind: .outside)).contains("q="))
    }

    @Test("A transfer names the colleague's group and extension, with the enterprise id in both")
    func transfer() {
        #expect(
            body(.transfer("7", group: "2069", extensionNumber: "1023"))
                .hasSuffix(#"<cc a="31" c="7" g="2069_65656" n="1023_00010078"/>"#))
    }

    @Test("Work after the call is 87, a seat's mode 51 or 52, and the one chosen is told at the next registration")
    func afterCallAndMode() {
        #expect(body(.setAfterCallStatus("7", true)).hasSuffix(#"<cc a="87" c="7" s="2"/>"#))
        #expect(body(.setAfterCallStatus("7", false)).hasSuffix(#"<cc a="87" c="7" s="-1"/>"#))
        #expect(body(.setMode(.mobile)).hasSuffix(#"<cc a="51"/>"#))
        #expect(body(.setMode(.fixed)).hasSuffix(#"<cc a="52"/>"#))
        let actions = platform.actions(onRegistrationOf: user, group: "0", status: .busy, mode: .mobile)
        let texts = actions.map { body($0).replacing(#"<?xml version="1.0" encoding="utf-8"?>"#, with: "") }
        #expect(texts == [#"<cc a="2"/>"#, #"<cc a="51"/>"#, #"<cc a="53" g="0_65656"/>"#])
    }

    @Test("Who is called back holds by 9 and the telephone's number, a SIP telephone by the agent's name")
    func holdElsewhere() {
        func body(_ telephone: Command.Telephone) -> String {
            var user = user
            user.telephone = telephone
            var randomness = Randomness.seeded(1)
            return self.body(platform.action(for: .hold("7"), user: user, at: now, using: &randomness))
        }
        #expect(body(.callback(number: "13800138000")).hasSuffix(#"<ch a="1" cc="7" number="913800138000"/>"#))
        #expect(body(.sip(number: "8001")).hasSuffix(#"<ch a="1" cc="7" number="1006_00010078"/>"#))
    }

    @Test("Answering is 102, hanging up 106; what a ccNumber holds cannot break out of its attribute")
    func answerAndHangUp() {
        #expect(body(.answer("7")).hasSuffix(#"<cc a="102" c="7"/>"#))
        #expect(body(.hangUp("7")).hasSuffix(#"<cc a="106" c="7"/>"#))
        #expect(body(.hangUp(#"7"/><x y="&"#)).hasSuffix(#"<cc a="106" c="7&quot;/>&lt;x y=&quot;&amp;"/>"#))
    }

    @Test("A number in the enterprise's range is an extension", arguments: ["1000", "1999"])
    func extensions(number: String) {
        #expect(platform.kind(ofCallTo: number, user: user) == .inside)
    }

    @Test("Every other number is outside", arguments: ["999", "2000", "10010", "*97", "", "+1500"])
    func outsideNumbers(number: String) {
        #expect(platform.kind(ofCallTo: number, user: user) == .outside)
    }

    @Test("Logging in with another extension changes the SIP user, not the enterprise")
    func otherExtension() {
        let other = Credentials(extensionNumber: "1007", password: Redacted("x"), switchboardNumber: "02566699734")
        #expect(platform.user(user, loggingInWith: other).sipUser == "1007_00010078")
    }
}
