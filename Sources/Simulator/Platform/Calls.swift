import SIP
import Wire

/// The calls: each a ``SeatCall`` with an audio leg, a party and a room where they hear each other.
extension Platform {
    /// - Parameters:
    ///   - room: the one of the conversation it belongs to; its own if nil.
    ///   - ccNumber: the one of the call it goes on with; a new one if nil.
    mutating func addCall(
        _ kind: SeatCall.Kind, of seat: String, number: String, party: Call.Party?, room: RoomID? = nil,
        ccNumber: String? = nil, at now: Instant
    ) -> LegID {
        let leg = LegID(nextSerial())
        let time = configuration.unixTimeAtZero + now.nanoseconds / 1_000_000
        let digits = String(leg.rawValue % 1000)
        let newNumber = "\(time)\(String(repeating: "0", count: 3 - digits.count))\(digits)conf_\(time)"
        var call = Call(
            machine: SeatCall(
                kind, ccNumber: ccNumber ?? newNumber, number: number, patience: configuration.patience),
            leg: leg, seat: seat, connection: presences[seat]?.connection ?? ConnectionID(0),
            room: room ?? RoomID(leg.rawValue), party: party)
        call.isOnTelephone = telephones[seat] != nil
        call.began = time / 1000
        calls[leg] = call
        return leg
    }

    mutating func hand(_ input: SeatCall.Input, to leg: LegID, at now: Instant) -> [Output] {
        let instructions = calls[leg]?.machine.handle(input, at: now) ?? []
        guard let call = calls[leg], !instructions.isEmpty else { return [] }
        groupChanged(of: call.seat, at: now)
        guard call.machine.isOver else {
            return instructions.flatMap { carryOut($0, of: call, at: now) } + arrange(call.room)
        }
        calls[leg] = nil
        endedCalls = endedCalls.suffix(19) + [call]
        let abandoned = abandonTransfer(of: call, at: now)
        let ended = instructions.flatMap { carryOut($0, of: call, at: now) }
        return abandoned + ended + leaveBehind(call, at: now) + arrange(call.room)
    }

    /// What hung on a call that is over: who listened in, who was told of it, what the seat wanted afterwards.
    private mutating func leaveBehind(_ call: Call, at now: Instant) -> [Output] {
        endWatching(of: call, at: now) + reportEnd(of: call, at: now) + setStatusAfter(call, at: now)
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
        case .tell(let notice): return tell(call.seat, notice, at: now)
        case .ringParty: return ringParty(of: call, at: now)
        case .connectParty:
            guard let duration = call.customer?.hangsUpAfter else { return [] }
            calls[call.leg]?.move = (.partyHungUp, at: now + duration)
            return []
        case .tellParty(let news): return tellParty(of: call, news, at: now)
        case .makeOffer where call.isOnTelephone: return hand(.offerMade(""), to: call.leg, at: now)
        case .invite where call.isOnTelephone:
            calls[call.leg]?.move = (.legAnswered(""), at: now + configuration.answerTime)
            return []
        case .acceptAnswer where call.isOnTelephone, .identifyLeg where call.isOnTelephone,
            .hangUpLeg where call.isOnTelephone, .closeMedia where call.isOnTelephone:
            return []
        case .makeOffer: return [.makeOffer(call.leg)]
        case .invite(let offer): return invite(call, offer, at: now)
        case .acceptAnswer(let answer): return [.acceptAnswer(answer, call.leg)]
        case .identifyLeg: return identify(call, at: now)
        case .hangUpLeg: return drive(.hangUp(call.handle), on: call.connection, at: now)
        case .closeMedia: return [.closeMedia(call.leg)]
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
    func customer(_ number: String) -> Customer { configuration.customers[number] ?? Customer(number: number) }

    private mutating func ringParty(of call: Call, at now: Instant) -> [Output] {
        if let customer = call.customer {
            guard case .talks = customer.behaviour else { return [] }
            calls[call.leg]?.move = (.partyAnswered, at: now + (customer.answersAfter ?? configuration.answerTime))
            return []
        }
        guard let colleague = configuration.world.member(sipUser: call.machine.number)?.extension, isFree(colleague)
        else { return hand(.partyRefused, to: call.leg, at: now) }
        let leg = addCall(
            .incoming, of: colleague, number: call.seat, party: .seat(call.leg), room: call.room, at: now)
        calls[call.leg]?.party = .seat(leg)
        return hand(.begin, to: leg, at: now)
    }

    private mutating func tellParty(of call: Call, _ news: SeatCall.PartyNews, at now: Instant) -> [Output] {
        if let from = call.transferredFrom { return transferWent(news, from: from, to: call, at: now) }
        if call.customer != nil { return news == .refused ? offerAgain(call, at: now) : [] }
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
