import ControlAPI
import Dialect
import Wire

extension Seat {
    /// The seat as `GET /v1/state` shows it; `media` is what the owner of a leg's audio measured.
    package func snapshot(media: (LegID) -> JSON?) -> JSON {
        [
            "user": user.map { ["un": .string($0.credentials.extensionNumber), "data": $0.data] } ?? .null,
            "registration": .string(registrationText),
            "online": .bool(isOnline),
            "seatState": .integer(Int64(state.rawValue)),
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
            "connectedAt": call.connectedSince.map { .integer($0.unixSeconds) } ?? .null,
            "media": leg.flatMap(media) ?? .null,
        ]
    }

    private var registrationText: String {
        guard let login else { return "loggedOut" }
        if login.loggingOut != nil { return "loggingOut" }
        return switch login.link {
        case .connecting: "connecting"
        case .waiting: "waiting"
        case .up: login.isRegistered ? "registered" : "registering"
        }
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
