/// Tells the service manager how the daemon fares (sd_notify(3)).
///
/// The protocol is one datagram of `NAME=VALUE` lines, which its manual page declares stable and asks to be implemented
/// where libsystemd is too much.
package struct Notifier: Sendable {
    package enum Fact: Sendable {
        case ready
        /// It may take so long, whatever the unit allows.
        case stopping(within: Duration)
        case alive
        /// What `systemctl status` shows.
        case status(String)
    }

    private let socket: DatagramSocket

    /// Nil when no service manager listens.
    package init?(environment: [String: String]) {
        guard let path = environment["NOTIFY_SOCKET"], let socket = DatagramSocket(path: path) else { return nil }
        self.socket = socket
    }

    /// A service manager that does not listen is none of the daemon's concern.
    package func tell(_ facts: Fact...) {
        _ = socket.send(Array(facts.map(\.line).joined(separator: "\n").utf8))
    }
}

extension Notifier.Fact {
    fileprivate var line: String {
        switch self {
        case .ready: "READY=1"
        case .stopping(let limit): "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(Int64(limit / .microseconds(1)))"
        case .alive: "WATCHDOG=1"
        case .status(let text): "STATUS=" + String(text.map { $0.isNewline ? " " : $0 })
        }
    }
}
