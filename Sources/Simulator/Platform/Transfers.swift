import Wire

/// `cc a=31`: a call handed on to another seat, answered by 38 or 39 (platform protocol §3.1).
///
/// [assumed] Until the other seat answers, the customer hears music and the one who hands on hears nothing; then the one
/// who handed on is out, with `r=26`.
extension Platform {
    mutating func transfer(_ body: Element, of seat: String, at now: Instant) -> [Output] {
        guard let call = calls.values.first(where: { $0.machine.ccNumber == body["c"] && $0.seat == seat }) else {
            return []
        }
        guard call.machine.state == .talking, call.machine.kind != .watching, call.transfer == nil,
            let colleague = colleague(body), colleague != seat
        else { return tell(seat, outcome(call, "39"), at: now) }
        let leg = addCall(.incoming, of: colleague, number: call.machine.number, party: nil, room: call.room, at: now)
        calls[leg]?.transferredFrom = call.leg
        calls[call.leg]?.transfer = leg
        return hand(.begin, to: leg, at: now) + arrange(call.room)
    }

    /// The seat named by `n`, or the next one of the group `g`; nil unless it is idle.
    private func colleague(_ body: Element) -> String? {
        if let user = body["n"], !user.isEmpty, !user.hasPrefix("_") {
            guard let seat = configuration.world.member(sipUser: user)?.extension, presences[seat]?.status == .idle,
                isFree(seat)
            else { return nil }
            return seat
        }
        return body["g"]?.split(separator: "_").first.flatMap { idleSeat(of: String($0)) }
    }

    mutating func transferWent(
        _ news: SeatCall.PartyNews, from: LegID, to call: Call, at now: Instant
    ) -> [Output] {
        guard let old = calls[from], old.transfer == call.leg else { return [] }
        calls[from]?.transfer = nil
        guard news == .answered else { return tell(old.seat, outcome(old, "39"), at: now) + arrange(old.room) }
        calls[from]?.party = nil
        calls[from]?.move = nil
        calls[call.leg]?.party = old.party
        calls[call.leg]?.transferredFrom = nil
        calls[call.leg]?.move = old.move
        if case .seat(let other)? = old.party { calls[other]?.party = .seat(call.leg) }
        return tell(old.seat, outcome(old, "38"), at: now) + hand(.hangUp, to: from, at: now)
    }

    /// The call that was to be handed on is over: the other seat need not answer any more.
    mutating func abandonTransfer(of call: Call, at now: Instant) -> [Output] {
        guard let to = call.transfer else { return [] }
        calls[to]?.transferredFrom = nil
        return tell(call.seat, outcome(call, "39"), at: now) + hand(.partyHungUp, to: to, at: now)
    }

    private func outcome(_ call: Call, _ action: String) -> Element {
        Element("cc", ["a": action, "c": call.machine.ccNumber])
    }
}
