import ControlAPI
import Dialect
import SIP
import Wire

extension Seat {
    /// The seat as `GET /v1/state` shows it; `media` is what the owner of a leg's audio measured.
    package func snapshot(at now: Moment, media: (LegID) -> JSON?) -> JSON {
        [
            "user": user.map { ["un": .string($0.credentials.extensionNumber), "data": $0.data] } ?? .null,
            "registration": .string(registrationText),
            "connection": login?.link.json ?? .null,
            "registrar": login.map { $0.agent.registrationState.json(at: now) } ?? .null,
            "online": .bool(isOnline),
            "seatState": .integer(Int64(state.rawValue)),
            "groupSeats": .array(groupSeats),
            "calls": .array(calls.map { call in summary(of: call, media: media) }),
        ]
    }

    private func summary(of call: Call, media: (LegID) -> JSON?) -> JSON {
        let leg = legs.first { $0.value.call == call.id }?.key
        return [
            "ccNumber": .string(call.id),
            "direction": .string(call.direction.rawValue),
            "number": .string(call.number),
            "state": .string(call.state.name),
            "held": .bool(call.isHeld),
            "muted": .bool(call.isMuted),
            "afterCall": .bool(call.hasAfterCallWork),
            "connectedAt": call.connectedSince.map { .integer($0.unixSeconds) } ?? .null,
            "media": leg.flatMap(media) ?? .null,
        ]
    }

    private var registrationText: String {
        guard let login else { return "loggedOut" }
        if login.loggingOut != nil { return "loggingOut" }
        return switch login.link.state {
        case .connecting: "connecting"
        case .waiting: "waiting"
        case .up:
            switch login.agent.registrationState {
            case .registered, .refreshing: "registered"
            case .failed: "failed"
            case .unregistered, .registering, .unregistering: "registering"
            }
        }
    }
}

extension Registration.State {
    fileprivate func json(at now: Moment) -> JSON {
        var (until, retry, failure): (Instant?, Instant?, Registration.Failure?)
        let name: JSON
        switch self {
        case .unregistered: name = "unregistered"
        case .registering: name = "registering"
        case .registered(let end): (name, until) = ("registered", end)
        case .refreshing(let end): (name, until) = ("refreshing", end)
        case .unregistering: name = "unregistering"
        case .failed(let why, let end, let next): (name, failure, until, retry) = ("failed", why, end, next)
        }
        return [
            "state": name, "until": now.json(of: until), "nextTryAt": now.json(of: retry),
            "status": failure?.status ?? .null,
            "reason": failure.map { .string($0.text) } ?? .null,
        ]
    }
}

extension Registration.Failure {
    fileprivate var status: JSON {
        switch self {
        case .rejected(let status, _): .integer(Int64(status))
        case .timedOut, .transport: .null
        }
    }

    /// The registrar's own words, or what there is to say in their place.
    var text: String {
        switch self {
        case .rejected(_, let reason): reason
        case .timedOut: "The registrar does not answer."
        case .transport: "The connection was lost."
        }
    }
}

extension Moment {
    /// Unix time in seconds.
    fileprivate func json(of instant: Instant?) -> JSON {
        instant.map { .integer((self + ($0 - self.instant)).unixSeconds) } ?? .null
    }
}

extension Call.State {
    fileprivate var name: String {
        switch self {
        case .offered: "offered"
        case .answering: "answering"
        case .ringing: "ringing"
        case .connected: "connected"
        }
    }
}
