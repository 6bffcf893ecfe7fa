import ControlAPI
import Dialect
import Wire

extension Target {
    static let control = [
        Target(
            name: "xml", words: Words.xml,
            seeds: {
                [
                    #"<?xml version="1.0" encoding="utf-8"?><cc a="100" c="1" n="13800138000"/>"#,
                    #"<cc a="201" r="200" c="1"><x y="&#20320;&amp;"/></cc>"#, #"<cc a="105" c="1" r="26"/>"#,
                    #"<o><a><u n="1" a="o" nm="x" r="1"/></a></o>"#, #"<i n="1" s="*"></i>"#,
                ].map { Array($0.utf8) }
            }, check: checkNotice),
        Target(
            name: "user-lookup", words: Words.json,
            seeds: {
                let answers = [
                    #"{"status":0,"data":{"domain":"d","real_domain":"w","eid":7,"port":"1"}}"#,
                    #"{"status":0,"data":{"epProfile":{"extension_start":1000,"extension_end":"1999"}}}"#,
                    #"{"status":0,"data":{"displayname":"x","inGroups":[{"id":1}]}}"#, #"{"status":0}"#,
                ]
                let directory = [
                    #"{"status":0,"data":"key"}"#, #"{"status":0,"data":[{"province":"p","s_client_domain":"h"}]}"#,
                ]
                return [[0] + Fodder.joined((directory + answers).map { Array($0.utf8) })]
            }, check: checkLookup),
        Target(
            name: "json-command", words: Words.json,
            seeds: {
                [
                    #"{"un":"1001","pwd":"x","switchnumber":"02566699734","gid":2033,"socketUri":"wss://a"}"#,
                    #"{"number":10010}"#, #"{"ccNumber":"1","n":[1,-2.5e3,true,null,"\u0041"]}"#,
                ].map { Array($0.utf8) }
            }, check: checkCommand),
        Target(
            name: "event-position", words: [":", "18446744073709551615", "epoch"],
            seeds: { [Array("epoch:3".utf8), Array("other:0".utf8)] }, check: checkPosition),
    ]

    private static func checkNotice(_ bytes: [UInt8]) {
        let platform = Platform(configuration: .init(hosts: HostTable([:])))
        let facts = platform.facts(in: .message(body: bytes)) + platform.facts(in: .info(body: bytes))
        expect(facts.count <= 2, "a body says one thing")
    }

    private static func checkLookup(_ bytes: [UInt8]) {
        let directory = Directory(host: "d.example", version: "1", key: "k", provinces: ["025": "p"])
        let platform = Platform(configuration: .init(hosts: HostTable([:]), directory: directory))
        let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 0)
        var lookup = platform.lookup(
            Credentials(extensionNumber: "1001", password: Redacted("p"), switchboardNumber: "02566699734"),
            randomness: .seeded(1))
        var output = lookup.handle(.start, at: now)
        for answer in Fodder.records(of: Array(bytes.dropFirst())) {
            guard case .fetch(let url) = output else { break }
            expect(url.value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } || !isPlain(bytes), "a URL is ASCII")
            output = lookup.handle(.fetched(answer), at: now)
        }
    }

    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    }

    private static func checkCommand(_ bytes: [UInt8]) {
        for operation in Operation.allCases { _ = try? Command(operation, body: bytes.span) }
    }

    private static func checkPosition(_ bytes: [UInt8]) {
        var log = EventLog(epoch: "epoch", capacity: 2)
        let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 0)
        for _ in 0..<7 { _ = log.append(.init(.register, data: nil), seat: "default", at: now) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let position = LogPosition(text) else { return }
        expectStable(position, position) { LogPosition(position.description) }
        switch log.events(after: position) {
        case .events(let events): expect(events.last?.position.seq ?? 7 == 7, "the tail reaches the end")
        case .gap(let from, let to, let then):
            expect(from <= to && then.first?.position.seq == to + 1, "what is kept follows the gap")
        }
    }
}

private enum Words {
    static let xml = [
        "<cc ", "<o>", "<a>", "<u ", "<i ", " a=\"100\"", " a=\"104\"", " c=\"1\"", " r=\"200\"", " n=\"", "/>",
        "</cc>", "<!DOCTYPE x [", "<!ENTITY a \"b\">", "&amp;", "&#x4F60;", "<![CDATA[", "]]>", "<?xml ",
        "encoding=\"utf-16\"", "xmlns:a=\"b\"", "<!--", "-->",
    ]
    static let json = [
        "{\"", "\":", "\",", "null", "true", "[]", "{}", "\\u0000", "\\uD800", "1e999", "-0", "\"un\"", "\"pwd\"",
        "\"switchnumber\"", "\"gid\"", "\"socketUri\"", "\"number\"", "\"ccNumber\"", "\"callNumType\"", "\"status\":0",
        "\"data\":", "\"domain\"", "\"real_domain\"", "\"eid\"", "\"epProfile\"", "\u{1E}",
    ]
}
