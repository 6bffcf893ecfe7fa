import Logging

/// A log event as a line of text for people: the message, then `name=value` for each field.
struct LogText {
    let fields: [(name: String, value: String)]
    let message: String

    /// - Parameter metadata: of the logger; the event's own fields come before it.
    init(_ event: LogEvent, metadata: Logger.Metadata) {
        var merged = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { merged["error"] = "\(error)" }
        fields = merged.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        message = event.message.description
    }

    /// One line, whatever the message and the fields hold.
    var line: String {
        ([escaped(message)] + fields.map { escaped($0.name) + "=" + quoted($0.value) }).joined(separator: " ")
    }

    private func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { $0 += $1.isControl ? $1.escape : String($1) }
    }

    private func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !text.unicodeScalars.contains { $0.isControl || " \"=\\".unicodeScalars.contains($0) }
        guard !isPlain else { return text }
        let marks: Set<Unicode.Scalar> = ["\"", "\\"]
        return text.unicodeScalars.reduce(into: "\"") { $0 += marks.contains($1) ? "\\\($1)" : escaped(String($1)) }
            + "\""
    }
}

extension Unicode.Scalar {
    fileprivate var escape: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{" + String(value, radix: 16, uppercase: true) + "}"
        }
    }

    /// Also what would change the direction of the text or join lines.
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate: true
        default: false
        }
    }
}

extension Logger.Level {
    /// The priority of syslog(3).
    var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
