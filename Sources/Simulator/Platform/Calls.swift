import SIP
import Wire

/// The calls: each a ``SeatCall`` with an audio leg and a party.
extension Platform {
    mutating func addCall(
        _ kind: SeatCall.Kind, of seat: String, number: String, party: Call.Party?, at now: Instant
    ) -> LegID {
        let leg = LegID(nextSerial())
        let time = configuration.unixTimeAtZero + now.nanoseconds / 1_000_000
        let digits = String(leg.rawValue % 1000)
        let ccNumber = "\(time)\(String(repeating: "0", count: 3 - digits.count))\(digits)conf_\(time)"
        calls[leg] = Call(
            machine: SeatCall(kind, ccNumber: ccNumber, number: number, patience: configuration.patience),
            leg: leg, seat: seat, connection: presences[seat]?.connection ?? ConnectionID(0), party: party)
        return leg
    }

    mutating func hand(_ input: SeatCall.Input, to leg: LegID, at now: Instant) -> [Output] {
        let instructions = calls[leg]?.machine.handle(input, at: now) ?? []
        guard let call = calls[leg], !instructions.isEmpty else { return [] }
        if call.machine.isOver {
            calls[leg] = nil
            endedCalls = endedCalls.suffix(19) + [call]
        }
        return instructions.flatMap { carryOut($0, of: call, at: now) }
    }

    mutating func callDeadlineReached(_ leg: LegID, at now: Instant) -> [Output] {
        guard let call = calls[leg] else { return [] }
        if let move = call.move, move.at <= now {
            calls[leg]?.move = nil
            return hand(move.input, to: leg, at: now)
        }
        guard let deadline = call.machine.deadline, deadline <= now else { return [] }
        return hand(.deadlineReached, to: leg, at: now)
    }

    private mutating func carryOut(_ instruction: SeatCall.Output, of call: Call, at now: Instant) -> [Output] {
        switch instruction {
        case .tell(let notice): tell(call.seat, notice, at: now)
        case .makeOffer: [.makeOffer(call.leg)]
        case .invite(let offer): invite(call, offer, at: now)
        case .acceptAnswer(let answer): [.acceptAnswer(answer, call.leg)]
        case .identifyLeg: identify(call, at: now)
        case .hangUpLeg: drive(.hangUp(call.handle), on: call.connection, at: now)
        case .closeMedia: [.closeMedia(call.leg)]
        case .ringParty: ringParty(of: call, at: now)
        case .connectParty: connectParty(of: call, at: now)
        case .holdParty(let isHeld): [.hold(call.leg, isHeld)]
        case .tellParty(let news): tellParty(of: call, news, at: now)
        }
    }

    private mutating func invite(_ call: Call, _ offer: String, at now: Instant) -> [Output] {
        guard let presence = presences[call.seat] else { return [] }
        return drive(
            .invite(
                call.handle, target: presence.contact, headers: [.contentType: "application/sdp"],
                body: [UInt8](offer.utf8)),
            on: call.connection, at: now)
    }

    private mutating func identify(_ call: Call, at now: Instant) -> [Output] {
        let body = Element(
            "i", ["n": call.machine.ccNumber, "s": "*"],
            [Element("u", ["n": call.machine.number, "a": "i", "l": "m"])])
        return drive(
            .sendInCall(
                call.handle, RequestID(nextSerial()), .info, headers: [.contentType: "application/pidf+xml"],
                body: [UInt8](body.document.utf8)),
            on: call.connection, at: now)
    }
}

/// The party at the other end: a customer with a will of his own, or another seat's call.
extension Platform {
    private mutating func ringParty(of call: Call, at now: Instant) -> [Output] {
        if case .customer(let customer) = call.party {
            guard case .talks = customer.behaviour else { return [] }
            calls[call.leg]?.move = (.partyAnswered, at: now + configuration.answerTime)
            return []
        }
        guard let colleague = configuration.world.member(sipUser: call.machine.number)?.extension, isFree(colleague)
        else { return hand(.partyRefused, to: call.leg, at: now) }
        let leg = addCall(.incoming, of: colleague, number: call.seat, party: .seat(call.leg), at: now)
        calls[call.leg]?.party = .seat(leg)
        return hand(.begin, to: leg, at: now)
    }

    private mutating func connectParty(of call: Call, at now: Instant) -> [Output] {
        switch call.party {
        case .customer(let customer):
            if let duration = customer.hangsUpAfter { calls[call.leg]?.move = (.partyHungUp, at: now + duration) }
            return [.connectCustomer(call.leg)]
        case .seat(let other) where call.machine.kind == .inside:
            return [.bridge(call.leg, other)]
        case .seat, nil:
            return []
        }
    }

    private mutating func tellParty(of call: Call, _ news: SeatCall.PartyNews, at now: Instant) -> [Output] {
        guard case .seat(let other) = call.party else { return [] }
        let input: SeatCall.Input =
            switch news {
            case .answered: .partyAnswered
            case .refused: .partyRefused
            case .hungUp: .partyHungUp
            }
        return hand(input, to: other, at: now)
    }
}
