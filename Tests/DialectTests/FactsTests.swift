import Testing
import Wire

@testable import Dialect

@Suite("What the platform's bodies say (platform protocol §3)")
struct FactsTests {
    private let platform = Platform(configuration: .init(hosts: HostTable([:])))

    private func facts(_ body: String) -> [Fact] {
        platform.facts(in: .message(body: Array(("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + body).utf8)))
    }

    @Test("cc 1 and 2 are the seat's status")
    func status() {
        #expect(facts(#"<cc a="1"/>"#) == [.seatStatus(.idle, data: ["status": 1])])
        #expect(facts(#"<cc a="2"/>"#) == [.seatStatus(.busy, data: ["status": 2])])
    }

    @Test("201 and 301 answer a call; only with r 200 it has a ccNumber, and then it must")
    func dialled() {
        #expect(
            facts(#"<cc a="201" r="200" c="77" n="10010"/>"#) == [
                .dialled(.outside, call: "77", data: ["a": "201", "r": "200", "c": "77", "n": "10010"])
            ])
        #expect(
            facts(#"<cc a="301" r="503" c="77" n="1002"/>"#) == [
                .dialled(.inside, call: nil, data: ["a": "301", "r": "503", "c": "77", "n": "1002"])
            ])
        #expect(facts(#"<cc a="201" r="200"/>"#) == [])
        #expect(facts(#"<cc a="301" r="200" c=""/>"#) == [])
    }

    @Test("100, 101, 104, 105 and 309 follow a call, unlisted attributes pass through")
    func call() {
        #expect(
            facts(#"<cc a="100" c="7" n="138" x="y"/>"#) == [
                .offered("7", number: "138", data: ["a": "100", "c": "7", "n": "138", "x": "y"])
            ])
        #expect(facts(#"<cc a="101" c="7"/>"#) == [.withdrawn("7", data: ["a": "101", "c": "7"])])
        #expect(facts(#"<cc a="104" c="7" n="1"/>"#) == [.answered("7", data: ["a": "104", "c": "7", "n": "1"])])
        #expect(facts(#"<cc a="309" c="7"/>"#) == [.unanswered(call: "7", data: ["a": "309", "c": "7"])])
        for (r, reason) in [("25", EndReason.customerHungUp), ("26", .agentHungUp), ("20", .notConnected)] {
            #expect(
                facts("<cc a=\"105\" c=\"7\" r=\"\(r)\"/>") == [
                    .ended("7", reason, data: ["a": "105", "c": "7", "r": .string(r)])
                ])
        }
    }

    @Test("38 and 39 say what became of a transfer, 87 of work after the call, 82 who is in the group")
    func outcomes() {
        #expect(facts(#"<cc a="38" c="7"/>"#) == [.transferred("7", isDone: true, data: ["a": "38", "c": "7"])])
        #expect(facts(#"<cc a="39" c="7"/>"#) == [.transferred("7", isDone: false, data: ["a": "39", "c": "7"])])
        #expect(facts(#"<cc a="38"/>"#) == [])
        #expect(facts(#"<cc a="87" r="200"/>"#) == [.afterCallStatus(isSet: true)])
        #expect(facts(#"<cc a="87" r="500"/>"#) == [.afterCallStatus(isSet: false)])
        #expect(
            facts(#"<cc a="82" n="2033" i="1"><u n="1006" m="52" s="1" b="30"/><x/></cc>"#) == [
                .groupSeats([["n": "1006", "m": "52", "s": "1", "b": "30"]])
            ])
    }

    @Test("A kick-off gives r, nm and n")
    func kickOff() {
        #expect(
            facts(#"<o><a><u n="1001_00010078" a="o" nm="Li" r="895"/></a></o>"#) == [
                .kickedOff(data: ["n": "1001_00010078", "nm": "Li", "r": "895"])
            ])
    }

    @Test(
        "What is not known, not whole or not safe says nothing",
        arguments: [
            "", "<cc", "<cc a=\"100\"/>", "<cc a=\"105\" c=\"\"/>", "<cc a=\"9999\" c=\"1\"/>", "<o><m><c/></m></o>",
            "<mn/>", "<cc a=\"1\"", "<!DOCTYPE cc [<!ENTITY e \"1\">]><cc a=\"&e;\"/>",
            "<!doctype cc><cc a=\"1\"/>",
            "<cc a=\"1\"/><cc a=\"1\"/>", "<cc a=\"1\" a=\"2\"/>", "<cc a=\"1\"c=\"2\"/>", "<cc a=1/>",
            "<cc a=\"&e;\"/>",
            "<cc a=\"1\"></CC>", "<cc a=\"1\">]]></cc>", "<cc a=\"1\">&</cc>", "<cc a=\"<\"/>", "<cc a=\"1\u{1}\"/>",
            "<cc a=\"&#0;1\"/>", "<cc a=\"&#xD800;\"/>", "<cc a=\"&#49\"/>", "<!-- a -- b --><cc a=\"1\"/>",
            "<cc a=\"1\"/><?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"utf-16\"?><cc a=\"1\"/>",
            String(repeating: "<o>", count: 40) + String(repeating: "</o>", count: 40),
        ])
    func nothing(body: String) {
        #expect(facts(body) == [])
    }

    @Test(
        "However a body is written, it says the same (XML 1.0 §2, §3)",
        arguments: [
            "<cc a='101' c='7' n='A B'/>",
            "\u{FEFF}<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<cc a='101' c='7' n='A\tB' />",
            "<!-- x --><?p q?><cc\na = '10&#49;' c='&#x37;' n='A\r\nB'>text &amp; <![CDATA[<x>]]><!-- y --><z:z/></cc >\n<!-- w -->",
        ])
    func sameInOtherWords(body: String) {
        let facts = platform.facts(in: .message(body: Array(body.utf8)))
        #expect(facts == [.withdrawn("7", data: ["a": "101", "c": "7", "n": "A B"])])
    }

    @Test("A name that is not UTF-8, which ended the program in another parser, says nothing")
    func illFormedName() {
        let body = Array("<o".utf8) + [0xC2, 0xC3, 0x9E, 0xC0] + Array("<u n=\"1\" a=\"o\"/></a></o>".utf8)
        #expect(platform.facts(in: .message(body: body)) == [])
    }

    @Test("A body over 64 KiB is not read")
    func tooLarge() {
        #expect(facts("<cc a=\"1\" x=\"" + String(repeating: "y", count: 70_000) + "\"/>") == [])
    }

    @Test("An INFO ties its dialog to the call, an INVITE is answered at once")
    func audio() {
        let body = #"<i n="77" s="*"><u n="10010" a="i" l="m"/></i>"#
        #expect(platform.facts(in: .info(body: Array(body.utf8))) == [.audio(of: "77")])
        #expect(platform.facts(in: .info(body: Array("Signal=5".utf8))) == [])
        #expect(platform.facts(in: .invite) == [.answerAtOnce])
    }
}
