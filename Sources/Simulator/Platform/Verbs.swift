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
        case ("cc", "51"), ("cc", "52"): return []
        case ("cc", "53"):
            presences[seat]?.group = body["g"]
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
        return tell(seat, Element("cc", ["a": status.rawValue]), at: now)
    }

    private mutating func call(
        _ kind: SeatCall.Kind, _ body: Element, from seat: String, at now: Instant
    ) -> [Output] {
        let number = body["t"] ?? ""
        let party: Call.Party?
        do throws(CallRefusal) {
            guard body["p"] == configuration.world.switchboardNumber else { throw .noSuchSwitchboardNumber }
            guard isFree(seat) else { throw .wrongSeatState }
            party = kind == .outside ? try customer(number) : try colleague(number, of: seat)
        } catch {
            let refusal = SeatCall.response(kind, result: error.code, ccNumber: nil, number: number)
            return tell(seat, refusal, at: now)
        }
        let leg = addCall(kind, of: seat, number: number, party: party, at: now)
        return hand(.begin, to: leg, at: now)
    }

    private mutating func hold(_ isHeld: Bool, _ body: Element, of seat: String, at now: Instant) -> [Output] {
        guard let user = body["number"], configuration.world.member(sipUser: user)?.extension == seat else { return [] }
        return hand(isHeld ? .hold : .unhold, toCall: body["cc"], of: seat, at: now)
    }

    private mutating func hand(
        _ input: SeatCall.Input, toCall ccNumber: String?, of seat: String, at now: Instant
    ) -> [Output] {
        guard let call = calls.values.first(where: { $0.machine.ccNumber == ccNumber && $0.seat == seat }) else {
            return []
        }
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
        case asTheNumberSays(code: Int)

        var code: Int {
            switch self {
            case .wrongSeatState: 502
            case .partyBusy: 503
            case .noSuchSwitchboardNumber: 511
            case .forbidden: 1000
            case .asTheNumberSays(let code): code
            }
        }
    }

    private func customer(_ number: String) throws(CallRefusal) -> Call.Party {
        guard !number.isEmpty else { throw .forbidden }
        let customer = Customer(number: number)
        if case .refused(let code) = customer.behaviour { throw .asTheNumberSays(code: code) }
        return .customer(customer)
    }

    /// A colleague is rung once the caller's audio is up: until then the call has no party.
    private func colleague(_ user: String, of seat: String) throws(CallRefusal) -> Call.Party? {
        guard let member = configuration.world.member(sipUser: user), member.extension != seat else {
            throw .forbidden
        }
        guard presences[member.extension]?.status == .idle else { throw .wrongSeatState }
        guard isFree(member.extension) else { throw .partyBusy }
        return nil
    }

    /// Whether a seat that is online has no call.
    func isFree(_ seat: String) -> Bool {
        presences[seat]?.status != nil && !calls.values.contains { $0.seat == seat }
    }
}
