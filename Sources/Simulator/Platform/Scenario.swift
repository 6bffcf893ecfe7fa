import Wire

/// What a test or a demonstration makes happen.
extension Platform {
    package enum ScenarioRefusal: Error, Equatable {
        case noSuchExtension
        /// The seat is offline, busy or in a call.
        case seatNotIdle
        case noSuchCall
    }

    /// A customer calls a seat; gives the call's ccNumber.
    package mutating func customerCalls(
        from number: String, to seat: String, at now: Instant
    ) throws(ScenarioRefusal) -> (ccNumber: String, outputs: [Output]) {
        guard configuration.world.member(seat) != nil else { throw .noSuchExtension }
        guard presences[seat]?.status == .idle, isFree(seat) else { throw .seatNotIdle }
        let leg = addCall(
            .incoming, of: seat, number: number, party: .customer(Customer(number: number)), at: now)
        let ccNumber = calls[leg]?.machine.ccNumber ?? ""
        return (ccNumber, hand(.begin, to: leg, at: now))
    }

    /// A customer hangs up, or gives up.
    package mutating func customerHangsUp(
        _ number: String, at now: Instant
    ) throws(ScenarioRefusal) -> [Output] {
        let legs = calls.values.filter { call in
            if case .customer(let customer) = call.party { customer.number == number } else { false }
        }.map(\.leg)
        guard !legs.isEmpty else { throw .noSuchCall }
        return legs.flatMap { hand(.partyHungUp, to: $0, at: now) }
    }

    /// Cuts every SIP connection and refuses new ones until it is over.
    package mutating func setOutage(_ isOut: Bool) -> [Output] {
        refusesSIP = isOut
        guard isOut else { return [] }
        return connections.keys.sorted { $0.rawValue < $1.rawValue }.map { .close($0) }
    }

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
            "outage": ["sip": .bool(refusesSIP)],
        ]
    }

    private static func json(_ call: Call) -> JSON {
        let measurement = call.measurement
        return [
            "ccNumber": .string(call.machine.ccNumber), "extension": .string(call.seat),
            "number": .string(call.machine.number), "kind": .string("\(call.machine.kind)"),
            "state": .string(name(of: call.machine.state)), "reason": reason(of: call.machine.state),
            "digits": .string(call.digits),
            "agent": [
                "level": measurement.level.map { .number($0) } ?? .null,
                "frequency": measurement.frequency.map { .number($0) } ?? .null,
                "packetsReceived": .integer(Int64(clamping: measurement.packetsReceived)),
                "packetsSent": .integer(Int64(clamping: measurement.packetsSent)),
                "codec": measurement.codec.map { .string($0) } ?? .null,
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
}
