import Wire

/// Keeps a flow in use while the registrar wants that, and finds out when it is dead (RFC 5626 §4.4.1, §4.4).
///
/// A ping is two line ends, the pong one; a WebSocket carries them as messages (RFC 7118 §6).
struct KeepAlive: Sendable {
    enum Output: Sendable, Equatable { case ping, dead }

    private enum State: Sendable { case resting(until: Instant), waiting(until: Instant) }

    static let ping: [UInt8] = Array("\r\n\r\n".utf8)
    static let pong: [UInt8] = Array("\r\n".utf8)
    private static let patience = Duration.seconds(10)
    /// A shorter Flow-Timer counts as this: nobody needs more, and an answer has to fit in.
    private static let shortestInterval = Duration.seconds(10)

    private let interval: Duration
    private var state: State

    init(flowTimer: Duration, at now: Instant, using randomness: inout Randomness) {
        interval = max(flowTimer, Self.shortestInterval)
        state = .resting(until: now + Self.pause(within: interval, using: &randomness))
    }

    /// When to call ``deadlineReached(at:)`` if nothing else happens first.
    var deadline: Instant {
        switch state {
        case .resting(let until), .waiting(let until): until
        }
    }

    mutating func deadlineReached(at now: Instant) -> Output? {
        switch state {
        case .resting(let until) where now >= until:
            state = .waiting(until: now + Self.patience)
            return .ping
        case .waiting(let until) where now >= until:
            return .dead
        case .resting, .waiting:
            return nil
        }
    }

    mutating func pongReceived(at now: Instant, using randomness: inout Randomness) {
        guard case .waiting = state else { return }
        state = .resting(until: now + Self.pause(within: interval, using: &randomness))
    }

    /// Between 80 and 100 % of the interval, so that telephones do not keep step.
    private static func pause(within interval: Duration, using randomness: inout Randomness) -> Duration {
        interval * Int.random(in: 800...1000, using: &randomness) / 1000
    }
}
