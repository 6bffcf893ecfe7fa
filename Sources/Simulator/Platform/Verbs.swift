import SIP
import Wire

/// What an agent asks for by MESSAGE (platform protocol §3.1).
extension Platform {
    mutating func message(
        _ request: Request, _ token: RequestToken, on id: ConnectionID, at now: Instant
    ) -> [Output] {
        guard let seat = connections[id]?.seat else { return drive(.respond(token, status: 403), on: id, at: now) }
        guard let body = try? Element(parsing: request.body.span) else {
            return drive(.respond(token, status: 400), on: id, at: now)
        }
        return drive(.respond(token, status: 200), on: id, at: now) + carryOut(body, of: seat, at: now)
    }

    private mutating func carryOut(_ body: Element, of seat: String, at now: Instant) -> [Output] {
        switch (body.name, body["a"]) {
        case ("cc", "1"): return setStatus(.idle, of: seat, at: now)
        case ("cc", "2"): return setStatus(.busy, of: seat, at: now)
        case ("cc", "51"), ("cc", "52"): return setMode(body["a"] ?? "", of: seat, at: now)
        case ("cc", "31"): return transfer(body, of: seat, at: now)
        case ("cc", "87"): return setAfterCallStatus(body, of: seat, at: now)
        case ("cm", _): return supervise(body, by: seat, at: now)
        case ("cc", "53"):
            groupChanged(of: seat, at: now)
            presences[seat]?.group = body["g"]
            groupChanged(of: seat, at: now)
            return []
        case ("cc", "200"): return call(.outside, body, from: seat, at: now)
        case ("cc", "300"): return call(.inside, body, from: seat, at: now)
        case ("cc", "102"): return hand(.answer, toCall: body["c"], of: seat, at: now)
        case ("cc", "106"): return hand(.hangUp, toCall: body["c"], of: seat, at: now)
        case ("ch", "1"): return hold(true, body, of: seat, at: now)
        case ("ch", "2"): return hold(false, body, of: seat, at: now)
        default: return [.diagnostic(.unknownBody)]
        }
    }

    private mutating func setStatus(_ status: Presence.Status, of seat: String, at now: Instant) -> [Output] {
        presences[seat]?.status = status
        groupChanged(of: seat, at: now)
        return tell(seat, Element("cc", ["a": status.rawValue]), at: now)
    }

    private mutating func setMode(_ mode: String, of seat: String, at now: Instant) -> [Output] {
        presences[seat]?.mode = mode
        groupChanged(of: seat, at: now)
        return []
    }

    private mutating func call(
        _ kind: SeatCall.Kind, _ body: Element, from seat: String, at now: Instant
    ) -> [Output] {
        let number = body["t"] ?? ""
        let party: Call.Party?
        do throws(CallRefusal) {
            guard body["p"] == configuration.world.switchboardNumber else { throw .noSuchSwitchboardNumber }
            guard isFree(seat) else { throw .wrongSeatState }
            if let refusal = refusal(of: seat) { throw .asItIs(code: refusal) }
            party = kind == .outside ? try callable(number) : try colleague(number, of: seat)
        } catch {
            let refusal = SeatCall.response(kind, result: error.code, ccNumber: nil, number: number)
            return tell(seat, refusal, at: now)
        }
        let leg = addCall(kind, of: seat, number: number, party: party, at: now)
        return hand(.begin, to: leg, at: now) + reportBegin(of: leg, at: now)
    }

    /// With a callback telephone (`callintype` 4) the seat names it as `9` and the number.
    private mutating func hold(_ isHeld: Bool, _ body: Element, of seat: String, at now: Instant) -> [Output] {
        let telephone = telephones[seat].flatMap { $0.kind == .callback ? "9" + $0.number : nil }
        guard body["number"] == telephone ?? configuration.world.sipUser(of: seat),
            let call = calls.values.first(where: { $0.machine.ccNumber == body["cc"] && $0.seat == seat }),
            call.machine.state == .talking, call.machine.kind != .watching
        else { return [] }
        calls[call.leg]?.isHeld = isHeld
        return arrange(call.room)
    }

    /// `s=2`: busy after this call, `s=-1`: not after all (platform protocol §3.1).
    private mutating func setAfterCallStatus(_ body: Element, of seat: String, at now: Instant) -> [Output] {
        let isOn = calls.values.contains { $0.machine.ccNumber == body["c"] && $0.seat == seat }
        guard isOn, body["s"] == "2" || body["s"] == "-1" else {
            return tell(seat, Element("cc", ["a": "87", "r": "404"]), at: now)
        }
        presences[seat]?.busyAfter = body["s"] == "2" ? body["c"] : nil
        return tell(seat, Element("cc", ["a": "87", "r": "200"]), at: now)
    }

    mutating func setStatusAfter(_ call: Call, at now: Instant) -> [Output] {
        guard presences[call.seat]?.busyAfter == call.machine.ccNumber else { return [] }
        presences[call.seat]?.busyAfter = nil
        return setStatus(.busy, of: call.seat, at: now)
    }

    private mutating func hand(
        _ input: SeatCall.Input, toCall ccNumber: String?, of seat: String, at now: Instant
    ) -> [Output] {
        guard
            let call = calls.values.first(where: {
                $0.machine.ccNumber == ccNumber && $0.seat == seat && $0.machine.kind != .watching
            })
        else { return [] }
        return hand(input, to: call.leg, at: now)
    }
}

extension Platform {
    /// `r` of `cc a=201` and `301` (platform protocol §3.2).
    private enum CallRefusal: Error {
        case wrongSeatState
        case partyBusy
        case noSuchSwitchboardNumber
        case forbidden
        case asItIs(code: Int)

        var code: Int {
            switch self {
            case .wrongSeatState: 502
            case .partyBusy: 503
            case .noSuchSwitchboardNumber: 511
            case .forbidden: 1000
            case .asItIs(let code): code
            }
        }
    }

    /// Why a seat cannot call anybody now.
    private func refusal(of seat: String) -> Int? {
        if rules.isSuspended { return 507 }
        if !rules.isOpen { return 508 }
        return telephones[seat] == nil ? nil : telephoneConditions[seat]?.refusal
    }

    private mutating func callable(_ number: String) throws(CallRefusal) -> Call.Party {
        guard !number.isEmpty else { throw .forbidden }
        let customer = customer(number)
        if case .refused(let code) = customer.behaviour { throw .asItIs(code: code) }
        let calls = callsToCustomers[number, default: 0]
        if let limit = rules.callsPerCustomer, calls >= limit { throw .asItIs(code: 512) }
        callsToCustomers[number] = calls + 1
        return .customer(customer)
    }

    /// A colleague is rung once the caller's audio is up: until then the call has no party.
    ///
    /// [assumed] Who has no skill group in common may not call each other.
    private func colleague(_ user: String, of seat: String) throws(CallRefusal) -> Call.Party? {
        let groups = configuration.world.member(seat)?.groups ?? []
        guard let member = configuration.world.member(sipUser: user), member.extension != seat,
            member.groups.contains(where: groups.contains)
        else { throw .forbidden }
        guard presences[member.extension]?.status == .idle else { throw .wrongSeatState }
        guard isFree(member.extension) else { throw .partyBusy }
        return nil
    }

    /// Whether a seat that is online has no call.
    func isFree(_ seat: String) -> Bool {
        presences[seat]?.status != nil && !calls.values.contains { $0.seat == seat }
    }
}
