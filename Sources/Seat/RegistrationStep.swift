import ControlAPI
import SIP
import Wire

/// How it stands with the way to the platform: what `GET /v1/state` shows of it, and a `registration` event says.
extension Seat {
    static let loggedOut = "loggedOut"
    static let loggedOutStep: [String: JSON] = [
        "registration": .string(loggedOut), "connection": .null, "registrar": .null,
    ]

    /// To be called when the connection or the registration has taken a step, before its consequences.
    mutating func tellStep(at now: Moment) -> [Output] {
        let step = registrationStep(at: now)
        guard step != toldStep, login?.link.isTold ?? true else { return [] }
        toldStep = step
        return [.event(Event.Content(.registration, data: .object(step)))]
    }

    func registrationStep(at now: Moment) -> [String: JSON] {
        guard let login else { return Self.loggedOutStep }
        return [
            "registration": .string(login.word), "connection": login.link.json,
            "registrar": login.agent.registrationState.json(at: now),
        ]
    }
}

extension Login {
    /// How it stands, in one word.
    var word: String {
        if loggingOut != nil { return "loggingOut" }
        return switch link.state {
        case .connecting: "connecting"
        case .waiting: "waiting"
        case .up:
            switch agent.registrationState {
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
            "status": failure?.status.map { .integer(Int64($0)) } ?? .null,
            "reason": failure.map { .string($0.text) } ?? .null,
        ]
    }
}

extension Registration.Failure {
    var status: Int? {
        switch self {
        case .rejected(let status, _): status
        case .unlisted, .timedOut, .transport: nil
        }
    }

    /// The registrar's own words, or what there is to say in their place.
    var text: String {
        switch self {
        case .rejected(_, let reason): reason
        case .unlisted: "The registrar does not list this seat."
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
