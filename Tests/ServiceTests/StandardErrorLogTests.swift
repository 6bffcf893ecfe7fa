import Foundation
import Logging
import Service
import Testing

@Suite("Standard error gets lines for people")
struct StandardErrorLogTests {
    private struct Refused: Error, CustomStringConvertible {
        let description = "refused: 403"
    }

    private func line(_ descriptor: Int32, _ environment: [String: String], _ body: (Logger) -> Void) {
        var logger = Logger(label: "phonebard") { _ in
            StandardErrorLog(descriptor: descriptor, environment: environment) {
                Date(timeIntervalSince1970: 1_700_000_000.25)
            }
        }
        logger.logLevel = .trace
        logger[metadataKey: "seat"] = "default"
        body(logger)
    }

    @Test("Time, level, message, and fields by name; the event's own win over the logger's")
    func plain() throws {
        let file = try OutputFile()
        line(file.descriptor, [:]) { $0.notice("ready", metadata: ["address": "127.0.0.1:8460", "note": "two words"]) }
        #expect(
            try file.read()
                == "2023-11-14T22:13:20.250Z NOTICE   ready address=127.0.0.1:8460 note=\"two words\" seat=default\n")
        line(file.descriptor, [:]) { $0.critical("end", error: Refused(), metadata: ["seat": "", "a": "b=c"]) }
        #expect(
            try file.read()
                == "2023-11-14T22:13:20.250Z CRITICAL end a=\"b=c\" error=\"refused: 403\" seat=\"\"\n")
    }

    @Test("Nothing in an event can break the line, forge another or drive a terminal")
    func injection() throws {
        let file = try OutputFile()
        line(file.descriptor, [:]) {
            $0.info(
                "a\r\nb\u{1B}[2J", metadata: ["k\ney": "v\"\n2023 CRITICAL forged", "rtl": "\u{202E}x", "seat": "🙂"])
        }
        let text = try file.read()
        #expect(text.filter(\.isNewline) == "\n")
        #expect(
            text == """
                2023-11-14T22:13:20.250Z INFO     a\\r\\nb\\u{1B}[2J k\\ney="v\\"\\n2023 CRITICAL forged" \
                rtl="\\u{202E}x" seat=🙂

                """)
    }

    @Test("Colours are for terminals, and not for those who decline them")
    func colours() throws {
        var master: Int32 = -1
        var terminal: Int32 = -1
        try #require(openpty(&master, &terminal, nil, nil, nil) == 0)
        defer {
            close(master)
            close(terminal)
        }
        func shown(_ environment: [String: String]) throws -> String {
            line(terminal, environment) { $0.error("x") }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(master, &buffer, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        let plain = "2023-11-14T22:13:20.250Z ERROR    x seat=default\r\n"
        #expect(
            try shown(["TERM": "xterm"]) == "2023-11-14T22:13:20.250Z \u{1B}[31mERROR\u{1B}[0m    x seat=default\r\n")
        #expect(try shown(["TERM": "dumb"]) == plain)
        #expect(try shown(["TERM": "xterm", "NO_COLOR": "1"]) == plain)
    }
}
