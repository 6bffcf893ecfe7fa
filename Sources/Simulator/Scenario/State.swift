import Wire

/// What is to be seen of the platform.
extension Platform {
    /// Everything there is to see, for `GET /sim/state`.
    package var state: JSON {
        let seats = presences.sorted { $0.key < $1.key }.map { seat, presence -> JSON in
            [
                "extension": .string(seat), "online": .bool(presence.status != nil),
                "status": presence.status.map { .string("\($0)") } ?? .null,
                "group": presence.group.map { .string($0) } ?? .null,
            ]
        }
        let running = calls.values.sorted { $0.leg.rawValue < $1.leg.rawValue }
        return [
            "seats": .array(seats), "calls": .array(running.map(Self.json)), "ended": .array(endedCalls.map(Self.json)),
            "outage": ["sip": .bool(outage.refusesSIP), "silent": .bool(outage.isSilent)],
        ]
    }

    private static func json(_ call: Call) -> JSON {
        let measurement = call.measurement
        return [
            "ccNumber": .string(call.machine.ccNumber), "extension": .string(call.seat),
            "number": .string(call.machine.number), "kind": .string("\(call.machine.kind)"),
            "state": .string(name(of: call.machine.state)), "reason": reason(of: call.machine.state),
            "held": .bool(call.isHeld), "joined": .bool(call.hasJoined), "digits": .string(call.digits),
            "agent": [
                "level": measurement.level.map { .number($0) } ?? .null,
                "frequency": measurement.frequency.map { .number($0) } ?? .null,
                "packetsReceived": .integer(Int64(clamping: measurement.packetsReceived)),
                "packetsSent": .integer(Int64(clamping: measurement.packetsSent)),
                "codec": measurement.codec.map { .string($0) } ?? .null,
            ],
            "customer": [
                "level": measurement.customerLevel.map { .number($0) } ?? .null,
                "frequency": measurement.customerFrequency.map { .number($0) } ?? .null,
            ],
        ]
    }

    private static func name(of state: SeatCall.State) -> String {
        switch state {
        case .idle: "idle"
        case .alerting: "alerting"
        case .offering: "offering"
        case .inviting: "inviting"
        case .calling: "calling"
        case .talking: "talking"
        case .ended: "ended"
        }
    }

    private static func reason(of state: SeatCall.State) -> JSON {
        if case .ended(let reason?) = state { .integer(Int64(reason)) } else { .null }
    }

    /// `service_control` of each seat that is online: 1 idle, 2 away, 4 a call asked for, 5 in a call (platform protocol §1).
    var activities: [String: Int] {
        var activities = presences.compactMapValues { presence -> Int? in
            switch presence.status {
            case .idle: 1
            case .busy: 2
            case nil: nil
            }
        }
        for call in calls.values { activities[call.seat] = call.machine.state == .talking ? 5 : 4 }
        return activities
    }
}
