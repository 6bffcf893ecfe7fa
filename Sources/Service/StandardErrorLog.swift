import FoundationEssentials
import Glibc
import Logging

/// Logs a line an event: time, level, message and fields, with colours on a terminal.
package struct StandardErrorLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.info

    private let descriptor: Int32
    private let isColoured: Bool
    private let now: @Sendable () -> Date

    /// - Parameter environment: `NO_COLOR` and `TERM=dumb` turn colours off.
    package init(
        descriptor: Int32 = STDERR_FILENO, environment: [String: String], now: @escaping @Sendable () -> Date = { .now }
    ) {
        self.descriptor = descriptor
        isColoured = isatty(descriptor) == 1 && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let time = now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let level = event.level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - level.count))
        let shown = isColoured ? "\u{1B}[\(event.level.colour)m\(level)\u{1B}[0m" : level
        writeLine("\(time) \(shown)\(padding) \(LogText(event, metadata: metadata).line)", to: descriptor)
    }
}

/// In one write, so that the lines of threads do not mix.
func writeLine(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}

extension Logger.Level {
    fileprivate var colour: Int {
        switch self {
        case .trace, .debug: 90
        case .info: 36
        case .notice: 32
        case .warning: 33
        case .error, .critical: 31
        }
    }
}
