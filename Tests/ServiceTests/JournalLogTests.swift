import Foundation
import Logging
import Service
import Testing

@Suite("The journal gets entries in its native protocol")
struct JournalLogTests {
    private func logger(_ journal: DatagramReceiver, label: String = "phonebard") -> Logger {
        var logger = Logger(label: label) { JournalLog(label: $0, path: journal.path) }
        logger.logLevel = .trace
        return logger
    }

    @Test("An event is one datagram: message, priority, identifier, place in the code, and its fields by name")
    func entry() throws {
        let journal = try DatagramReceiver()
        var logger = logger(journal)
        logger[metadataKey: "seat"] = "default"
        logger.warning(
            "connection lost",
            metadata: ["reason": "timed out", "userAgent": "1", "ünit-2": ["a", "b"], "seat": "other"],
            file: "Sources/Daemon/Switchboard.swift", function: "closed(_:)", line: 7)
        #expect(
            try journal.nextText() == """
                MESSAGE=connection lost reason="timed out" seat=other userAgent=1 ünit-2="[\\"a\\", \\"b\\"]"
                PRIORITY=4
                SYSLOG_IDENTIFIER=phonebard
                CODE_FILE=Sources/Daemon/Switchboard.swift
                CODE_LINE=7
                CODE_FUNC=closed(_:)
                PHONEBARD_REASON=timed out
                PHONEBARD_SEAT=other
                PHONEBARD_USER_AGENT=1
                PHONEBARD__NIT_2=["a", "b"]

                """)
    }

    @Test("A value with line breaks is sent with its length, little-endian; the message stays one line")
    func lineBreaks() throws {
        let journal = try DatagramReceiver()
        logger(journal).info(
            "two\nlines", metadata: ["text": "a\nPRIORITY=0"], file: "f", function: "g", line: 1)
        let head = """
            MESSAGE=two\\nlines text="a\\nPRIORITY=0"
            PRIORITY=6
            SYSLOG_IDENTIFIER=phonebard
            CODE_FILE=f
            CODE_LINE=1
            CODE_FUNC=g
            PHONEBARD_TEXT

            """
        #expect(try journal.next() == Array(head.utf8) + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8))
    }

    @Test(
        "Levels become priorities of syslog(3)",
        arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func priorities(level: Logger.Level, priority: Int) throws {
        let journal = try DatagramReceiver()
        logger(journal).log(level: level, "x")
        #expect(try journal.nextText().contains("\nPRIORITY=\(priority)\n"))
    }

    @Test("A field's name starts with a letter, is upper-case and no longer than 64 characters")
    func names() throws {
        let journal = try DatagramReceiver()
        let long = String(repeating: "n", count: 80)
        logger(journal, label: "_1daemon").info("x", metadata: ["a.b": "1", "\(long)": "2"])
        let names = try journal.nextText().split(separator: "\n").dropFirst(6).map { String($0.prefix { $0 != "=" }) }
        #expect(names == ["DAEMON_A_B", "DAEMON_" + String(repeating: "N", count: 57)])
    }

    @Test("What journald does not take goes to standard error with its priority in front")
    func fallback() throws {
        let file = try OutputFile()
        let journal = try DatagramReceiver()
        let absent = Logger(label: "phonebard") { [end = file.descriptor] in
            JournalLog(label: $0, path: "/nowhere/socket", fallback: end)
        }
        absent.error("no journal", metadata: ["code": "2"])
        #expect(try file.read() == "<3>no journal code=2\n")
        let large = Logger(label: "phonebard") { [path = journal.path, end = file.descriptor] in
            JournalLog(label: $0, path: path, fallback: end)
        }
        let text = String(repeating: "x", count: 1 << 14)
        large.info("large", metadata: Logger.Metadata(uniqueKeysWithValues: (0..<15).map { ("f\($0)", "\(text)") }))
        #expect(try file.read().hasPrefix("<6>large f0=xxx"))
    }

    @Test("$JOURNAL_STREAM tells by device and inode whether a descriptor leads to the journal")
    func stream() throws {
        let file = try OutputFile()
        var status = stat()
        #expect(fstat(file.descriptor, &status) == 0)
        let mark = "\(status.st_dev):\(status.st_ino)"
        #expect(JournalLog.isStream(file.descriptor, environment: ["JOURNAL_STREAM": mark]))
        #expect(!JournalLog.isStream(file.descriptor, environment: ["JOURNAL_STREAM": mark + "0"]))
        #expect(!JournalLog.isStream(file.descriptor, environment: [:]))
        #expect(!JournalLog.isStream(-1, environment: ["JOURNAL_STREAM": mark]))
    }
}
