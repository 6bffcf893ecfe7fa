import ControlAPI
import Dialect
import Wire

extension Seat {
    /// The seat as `GET /v1/state` shows it; `media` is what the owner of a leg's audio measured,
    /// `recording` what is recorded of a call.
    package func snapshot(
        at now: Moment, media: (LegID) -> JSON?, recording: (CallID) -> JSON? = { _ in nil }
    ) -> JSON {
        var members = registrationStep(at: now)
        members["user"] = user.map { ["un": .string($0.credentials.extensionNumber), "data": $0.data] } ?? .null
        members["online"] = .bool(isOnline)
        members["seatState"] = .integer(Int64(state.rawValue))
        members["groupSeats"] = .array(groupSeats)
        members["calls"] = .array(calls.map { call in summary(of: call, media, recording) })
        members["monitor"] = monitor.json
        return .object(members)
    }

    private func summary(
        of call: Call, _ media: (LegID) -> JSON?, _ recording: (CallID) -> JSON?
    ) -> JSON {
        let leg = legs.first { $0.value.call == call.id }?.key
        return [
            "ccNumber": .string(call.id),
            "direction": .string(call.direction.rawValue),
            "number": .string(call.number),
            "state": .string(call.state.name),
            "held": .bool(call.isHeld),
            "muted": .bool(isMuted(call.id)),
            "afterCall": .bool(call.hasAfterCallWork),
            "connectedAt": call.connectedSince.map { .integer($0.unixSeconds) } ?? .null,
            "media": leg.flatMap(media) ?? .null,
            "recording": recording(call.id) ?? .null,
        ]
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
