import ControlAPI
import Wire

/// The connection to the platform as a login sees it: which gateway is tried, reached or waited for, and why.
///
/// The gateways are tried in order, and anew from the first on when one that served was lost. When all have failed there is
/// a pause, which doubles (RFC 5626 §4.5) from one second to thirty for gateways that say no. Gateways that say nothing
/// are no busier for being asked, so their pause ends at two seconds: with the time that an attempt may take, the seat is
/// back within five seconds when the network is.
struct GatewayLink: Sendable {
    enum State: Sendable, Equatable {
        case connecting
        /// The address is this side's.
        case up(from: IPAddress?)
        case waiting(until: Moment)
    }

    /// What to do next.
    enum Step: Sendable, Equatable {
        case connect
        case wait(Duration)
        /// Find out whether the connection still works.
        case probe
        /// It cannot work any more.
        case replace(because: String)
        case nothing
    }

    private static let longestPause = 30
    private static let longestUnansweredPause = 2
    /// An attempt that is younger than this is left to itself when the network changes.
    private static let attemptAge = Duration.seconds(1)
    private static let roundsToldWhole = 8

    let gateways: [String]
    private(set) var state = State.connecting
    /// Rounds that have failed since the last registration.
    private(set) var failures = 0
    /// How often the registrar has refused since the last registration.
    private var refusals = 0
    /// Why the last attempt failed or the last connection was lost, until there is a registration again.
    private(set) var failure: String?
    private var index = 0
    private var triedAt: Instant
    /// Whether the present connection has carried a registration.
    private var hasServed = false

    /// - Parameter gateways: at least one; the first is to be connected to now.
    init(gateways: [String], at now: Moment) {
        self.gateways = gateways
        triedAt = now.instant
    }

    var gateway: String { gateways[index] }
    var number: Int { index + 1 }

    /// Whether a gateway that connects but does not register may be left for another one.
    var mayPassOver: Bool { !hasServed && gateways.count > 1 }

    var isUp: Bool { if case .up = state { true } else { false } }

    /// Whether subscribers and the log hear of this step: of the first eight rounds that fail all there is, then the end of
    /// the 16th, 32nd, 64th … alone, so that a night without a network does not fill them; and so with refusals.
    var isTold: Bool {
        switch state {
        case .up: Self.isTold(refusals)
        case .connecting: failures < Self.roundsToldWhole
        case .waiting: Self.isTold(failures)
        }
    }

    private static func isTold(_ count: Int) -> Bool { count < roundsToldWhole || count.nonzeroBitCount == 1 }

    var deadline: Instant? { if case .waiting(let until) = state { until.instant } else { nil } }

    mutating func opened(from address: IPAddress?) {
        state = .up(from: address)
    }

    mutating func registered() {
        hasServed = true
        (failures, refusals) = (0, 0)
        failure = nil
    }

    mutating func registrationRefused() { refusals += 1 }

    /// The attempt has failed, the connection is lost or no good; `isAnswered` is whether the other side had a say in it.
    mutating func failed(
        _ reason: String, isAnswered: Bool, at now: Moment, using randomness: inout Randomness
    ) -> Step {
        failure = reason
        if !hasServed, index + 1 < gateways.count {
            index += 1
            return connect(at: now)
        }
        index = 0
        failures += 1
        let pause = pause(isAnswered: isAnswered, using: &randomness)
        state = .waiting(until: now + pause)
        return .wait(pause)
    }

    /// 1, 2, 4 … seconds, each cut by up to a half at random, so that seats do not come back all at once.
    private func pause(isAnswered: Bool, using randomness: inout Randomness) -> Duration {
        let longest = isAnswered ? Self.longestPause : Self.longestUnansweredPause
        let seconds = min(longest, 1 << min(failures - 1, 5))
        return .milliseconds(Int.random(in: seconds * 500...seconds * 1000, using: &randomness))
    }

    /// The network is another one: what is waited for may work now, and what works may not.
    mutating func networkChanged(to addresses: [IPAddress], at now: Moment) -> Step {
        switch state {
        case .up(let address?) where !addresses.contains(address):
            let reason = "The local address of the connection is gone."
            failure = reason
            index = 0
            _ = connect(at: now)
            return .replace(because: reason)
        case .up:
            return .probe
        case .connecting where now.instant < triedAt + Self.attemptAge:
            return .nothing
        case .waiting(let until) where now.instant < triedAt + Self.attemptAge:
            let soonest = now + (triedAt + Self.attemptAge - now.instant)
            if soonest.instant < until.instant { state = .waiting(until: soonest) }
            return .nothing
        case .connecting, .waiting:
            return connect(at: now)
        }
    }

    mutating func deadlineReached(at now: Moment) -> Step {
        guard let deadline, deadline <= now.instant else { return .nothing }
        return connect(at: now)
    }

    private mutating func connect(at now: Moment) -> Step {
        state = .connecting
        hasServed = false
        triedAt = now.instant
        return .connect
    }
}

extension GatewayLink {
    /// As `GET /v1/state` shows it.
    var json: JSON {
        var members: [String: JSON] = [
            "gateway": .string(gateway), "failures": .integer(Int64(failures)),
            "failure": failure.map(JSON.string) ?? .null, "localAddress": .null, "nextTryAt": .null,
        ]
        switch state {
        case .connecting: members["state"] = "connecting"
        case .up(let address):
            members["state"] = "up"
            members["localAddress"] = address.map { .string("\($0)") } ?? .null
        case .waiting(let until):
            members["state"] = "waiting"
            members["nextTryAt"] = .integer(until.unixSeconds)
        }
        return .object(members)
    }
}
