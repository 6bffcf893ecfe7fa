import ControlAPI
import Dialect
import SIP
import Wire

/// What the platform says of the seat and its calls.
extension Seat {
    /// No agent has that many; a platform that offers more is ignored.
    private static let mostCalls = 16

    mutating func notice(_ token: RequestToken, _ request: Request, at now: Moment) -> [Output] {
        let outputs = agent(.respond(token, status: 200), at: now)
        guard login?.loggingOut == nil else { return outputs }
        let facts = dialect.facts(in: .message(body: request.body))
        guard !facts.isEmpty else { return outputs + [.diagnostic(.ignoredNotice)] }
        return outputs + facts.flatMap { learn($0, at: now) }
    }

    private mutating func learn(_ fact: Fact, at now: Moment) -> [Output] {
        switch fact {
        case .seatStatus(let status, let data): seatStatus(status, data)
        case .dialled(let kind, let call, let data): dialled(kind, call, data, at: now)
        case .unanswered(let call, let data): unanswered(call, data, at: now)
        case .offered(let call, let number, let data): offered(call, number, data, at: now)
        case .withdrawn(let call, let data): withdrawn(call, data, at: now)
        case .answered(let call, let data): answered(call, data, at: now)
        case .ended(let call, let reason, let data): ended(call, reason, data, at: now)
        case .transferred(let call, let isDone, let data): transferred(call, isDone: isDone, data)
        case .afterCallStatus(let isSet): afterCallStatusAnswered(isSet)
        case .groupSeats(let seats): groupSeatsTold(seats)
        case .kickedOff(let data): kickedOff(data, at: now)
        case .monitored(let verb, let call, let refusal): drive(.answered(verb, call, refusal: refusal), at: now)
        case .reported(let call, let isOver, let data): reported(call, isOver: isOver, data)
        case .audio, .answerAtOnce: []
        }
    }

    /// The platform may say again what its answer to `changeStaus` has said: one event for each change.
    mutating func seatStatus(_ status: SeatStatus, _ data: JSON) -> [Output] {
        let settled = confirm { $0 == .setStatus(status) }
        guard login?.status != status else { return settled }
        login?.status = status
        login?.wantedStatus = status
        return settled + [.event(Event.Content(.statusChanged, data: data))]
    }

    private mutating func groupSeatsTold(_ seats: [JSON]) -> [Output] {
        groupSeats = seats
        return []
    }

    /// Said again of a call that is on, it is not told again.
    private mutating func dialled(_ kind: CallKind, _ call: CallID?, _ data: JSON, at now: Moment) -> [Output] {
        guard dialling != nil || call.flatMap(index(of:)) == nil else { return [] }
        let number = dialling?.number ?? data["n"]?.string ?? ""
        dialling = nil
        if let call, index(of: call) == nil, calls.count < Self.mostCalls {
            calls.append(Call(call, .outgoing, number: number, state: .ringing(at: now)))
        }
        let type = kind == .inside ? "callinResponse" : "calloutResponse"
        return confirm { $0 == .call(kind) } + [
            .event(Event.Content(.callEvent, type: type, data: data.with("n", .string(number))))
        ]
    }

    /// The end is said in a notice of its own; a call of which it is not does not keep the seat.
    private mutating func unanswered(_ call: CallID?, _ data: JSON, at now: Moment) -> [Output] {
        let told = call.flatMap(index(of:)).map { calls[$0].told(data) } ?? data
        if let call { expectEnd(of: call, reason: .notConnected, at: now) }
        return [.event(Event.Content(.callEvent, type: "callinFaildResponse", data: told))]
    }

    /// The platform repeats an offer while it rings: one event per `ccNumber`.
    private mutating func offered(_ call: CallID, _ number: String, _ data: JSON, at now: Moment) -> [Output] {
        if let known = index(of: call) {
            if calls[known].isOffered { calls[known].state = .offered(at: now) }
            return []
        }
        guard calls.count < Self.mostCalls else { return [] }
        var new = Call(call, .incoming, number: number, state: .offered(at: now))
        new.answersAt = login?.user.autoAnswer.map { now.instant + $0 }
        calls.append(new)
        return [.event(Event.Content(.callEvent, type: "newPBXCall", data: data))]
    }

    private mutating func withdrawn(_ call: CallID, _ data: JSON, at now: Moment) -> [Output] {
        guard let index = index(of: call) else { return drive(.callEnded(call), at: now) }
        calls.remove(at: index)
        return settle(call, at: now) + [
            .event(Event.Content(.callEvent, type: "cancelPBXCall", data: data))
        ] + hangUpLegs(of: call, at: now)
    }

    /// A call the seat does not know is one it had before the daemon was started anew.
    private mutating func answered(_ call: CallID, _ data: JSON, at now: Moment) -> [Output] {
        let known = index(of: call)
        if let known, calls[known].connectedSince != nil { return [] }
        let number = known.map { calls[$0].number } ?? data["n"]?.string ?? ""
        if let known {
            calls[known].state = .connected(since: now)
        } else {
            guard calls.count < Self.mostCalls else { return [] }
            calls.append(Call(call, .incoming, number: number, state: .connected(since: now)))
        }
        awaitSound(of: call, at: now)
        return confirm { $0 == .answer(call) } + [
            .event(Event.Content(.callEvent, type: "answeredPBXCall", data: data.with("n", .string(number))))
        ]
    }

    private mutating func ended(_ call: CallID, _ reason: EndReason, _ data: JSON, at now: Moment) -> [Output] {
        guard let index = index(of: call) else { return drive(.callEnded(call), at: now) }
        return end(calls[index], reason, said: data, at: now)
    }

    /// The seat logs out by itself: the platform has already done so.
    private mutating func kickedOff(_ data: JSON, at now: Moment) -> [Output] {
        login?.status = .offline
        return [.event(Event.Content(.kickedOffLine, data: data))] + endAllCalls(at: now) + [.event(.offline)]
            + finishLogin(at: now)
    }
}

extension JSON {
    func with(_ key: String, _ value: JSON) -> JSON {
        guard var members = object else { return self }
        members[key] = value
        return .object(members)
    }
}
