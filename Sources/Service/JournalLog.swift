import Glibc
import Logging

/// Logs to journald with a field for each of the event's.
///
/// It speaks the documented and stable native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) itself rather than through
/// `sd_journal_sendv`, whose socket no test can replace. An entry too large for a datagram, or one journald does not take,
/// goes to standard error with its priority in front, which journald reads as well (sd-daemon(3)).
package struct JournalLog: LogHandler {
    package static let path = "/run/systemd/journal/socket"

    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.info

    private let label: String
    private let socket: DatagramSocket?
    private let fallback: Int32

    package init(label: String, path: String = Self.path, fallback: Int32 = STDERR_FILENO) {
        self.label = label
        self.fallback = fallback
        socket = DatagramSocket(path: path)
    }

    /// Whether a descriptor leads to journald, as `$JOURNAL_STREAM` says with its device and inode (systemd.exec(5)).
    package static func isStream(_ descriptor: Int32 = STDERR_FILENO, environment: [String: String]) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return environment["JOURNAL_STREAM"] == "\(status.st_dev):\(status.st_ino)"
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let text = LogText(event, metadata: metadata)
        var entry = JournalEntry()
        entry.append("MESSAGE", text.line)
        entry.append("PRIORITY", "\(event.level.priority)")
        entry.append("SYSLOG_IDENTIFIER", label)
        entry.append("CODE_FILE", event.file)
        entry.append("CODE_LINE", "\(event.line)")
        entry.append("CODE_FUNC", event.function)
        for (name, value) in text.fields { entry.append(JournalEntry.fieldName(label, name), value) }
        if socket?.send(entry.bytes) == true { return }
        writeLine("<\(event.level.priority)>\(text.line)", to: fallback)
    }
}

/// The datagram of one entry of the journal.
struct JournalEntry {
    private static let longestName = 64

    private(set) var bytes: [UInt8] = []

    /// - Parameter name: a valid field name.
    mutating func append(_ name: String, _ value: String) {
        bytes += name.utf8
        if value.utf8.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value.utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The name of our own field: upper-case letters, digits and underscores behind a prefix that keeps it apart from
    /// journald's (systemd.journal-fields(7)).
    static func fieldName(_ prefix: String, _ name: String) -> String {
        var result = ""
        var lastIsLower = false
        for character in prefix + "_" + name {
            if character.isUppercase && lastIsLower { result.append("_") }
            let isValid = character.isASCII && (character.isLetter || character.isNumber)
            result += isValid ? character.uppercased() : "_"
            lastIsLower = character.isLowercase
        }
        return String(result.drop { !("A"..."Z").contains($0) }.prefix(longestName))
    }
}
