import ControlAPI
import Daemon
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
        Target(
            name: "token-file", words: Words.json,
            seeds: {
                [
                    Array(
                        (#"{"tokens":[{"id":"a","name":"b","scopes":["read"],"sha256":""#
                            + String(repeating: "0", count: 64) + #"","created":1,"lastUsed":2}]}"#).utf8)
                ]
            }, check: checkTokenFile),
        Target(
            name: "configuration", words: Words.configuration,
            seeds: {
                [
                    Array(
                        """
                        control:
                          listen: [127.0.0.1:8460, '[::1]:8460']
                          socket: none
                        limits: {body: 1MiB, idle-timeout: 1min}
                        platform: {hosts: {"025": a.example:1047}, socket-uri: "wss://b"}
                        media: {microphone: tone:440, speaker: null}

                        """.utf8),
                    Fodder.joined(["--control-listen", "[::1]:1", "--limits-body", "2KiB"].map { Array($0.utf8) }),
                ]
            }, check: checkConfiguration),
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
        if let json = try? JSON(parsing: bytes) {
            precondition((try? JSON(parsing: encodedJSON(json))) == json, "what was read is not what is written")
        }
        for operation in Operation.allCases { _ = try? Command(operation, body: bytes.span) }
        _ = try? TokenRequest(body: bytes.span)
        _ = Set<Scope>(list: String(decoding: bytes, as: UTF8.self))
    }

    private static func checkTokenFile(_ bytes: [UInt8]) {
        guard let registry = try? TokenRegistry(file: bytes.span) else { return }
        let file = registry.file
        expectStable(file, String(decoding: file, as: UTF8.self)) { try TokenRegistry(file: file.span).file }
    }

    private static func checkPosition(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let position = LogPosition(text) else { return }
        expectStable(position, position) { LogPosition(position.description) }
    }

    private static func checkConfiguration(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for fault in Layer(yaml: text, path: "config.yaml").faults { _ = fault.description }
        do throws(Faults) {
            let arguments = Fodder.records(of: bytes).prefix(16).map { String(decoding: $0, as: UTF8.self) }
            _ = try EffectiveConfiguration(.init(arguments: arguments, environment: [:], file: "/dev/null")).report
        } catch {
            expect(!error.all.isEmpty, "what is refused has a reason")
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
    static let configuration = [
        "control:", "  listen: ", "limits:", "  body: ", "platform:", "  hosts: {", "media:", "journal:", "log:", "KiB",
        "MiB", "min", "30d", "true", "- ", "&a", "*a", "<<: ", "!!binary", "|\n", "\u{1E}", "--limits-header",
        "--platform-hosts", "--media-addresses", "=",
    ]
}
