import ControlAPI
import Dialect
import SIP
import Wire

/// What an agent does with calls.
extension Seat {
    /// The platform answers a call within its own time-outs; this only keeps a lost answer from blocking the seat.
    private static let diallingTime = Duration.seconds(30)
    private static let endTime = Duration.seconds(5)

    package var state: SeatState {
        guard let login, isOnline else { return .offline }
        let connected = calls.filter { $0.connectedSince != nil }
        if !connected.isEmpty { return connected.allSatisfy(\.isHeld) ? .held : .talking }
        if !calls.isEmpty || dialling != nil { return .ringing }
        return login.status == .busy ? .busy : .idle
    }

    /// A number that cannot be decrypted is told whatever the seat's state: it is for finding out why.
    mutating func call(
        _ given: String, areaCode: String?, isEncrypted: Bool, _ id: CommandID, at now: Moment
    ) -> [Output] {
        let number: String
        do throws(Problem) {
            number = isEncrypted ? try dialect.clearNumber(ofEncrypted: given) : given
            guard Self.isDiallable(number) else { throw .invalidParameter("number") }
            guard areaCode.map(Self.isAreaCode) ?? true else { throw .invalidParameter("areaCode") }
        } catch {
            return refuse(id, error)
        }
        let kind = kind(ofCallTo: number, areaCode: areaCode)
        let failure: SDKCode = kind == .inside ? .callInsideFailed : .callOutsideFailed
        guard let login, isOnline else { return refuse(id, notReady.with(code: failure)) }
        guard calls.isEmpty, dialling == nil else { return refuse(id, .wrongState.with(code: failure)) }
        dialling = Dialling(number: given, kind: kind, deadline: now.instant + Self.diallingTime)
        let action = dialect.action(
            for: .call(number: number, kind: kind, areaCode: areaCode), user: login.user, at: now, using: &randomness)
        return send(action, .call(kind), for: id, at: now)
    }

    /// Extensions have no area code.
    private func kind(ofCallTo number: String, areaCode: String?) -> CallKind {
        guard areaCode == nil, let user = login?.user ?? user else { return .outside }
        return dialect.kind(ofCallTo: number, user: user)
    }

    private static func isAreaCode(_ text: String) -> Bool {
        1...8 ~= text.utf8.count && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    private static func isDiallable(_ number: String) -> Bool {
        number.count <= 32 && number.utf8.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            && number.utf8.enumerated().allSatisfy { index, byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "*")
                    || byte == UInt8(ascii: "#") || (byte == UInt8(ascii: "+") && index == 0)
            }
    }

    mutating func answer(_ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady.with(code: .answerFailed)) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall.with(code: .answerFailed)) }
        guard calls[index].isOffered, !isEnding(calls[index]), mayAnswer else {
            return refuse(id, .wrongState.with(code: .answerFailed))
        }
        return answer(index, login.user, id, at: now)
    }

    /// A seat has one call at a time; others may ring meanwhile.
    private var mayAnswer: Bool { dialling == nil && calls.allSatisfy(\.isOffered) }

    private mutating func answer(_ index: Int, _ user: User, _ id: CommandID?, at now: Moment) -> [Output] {
        let ccNumber = calls[index].id
        calls[index].state = .answering(at: now)
        calls[index].answersAt = nil
        let action = dialect.action(for: .answer(ccNumber), user: user, at: now, using: &randomness)
        return send(action, .answer(ccNumber), for: id, at: now)
    }

    /// The first call to be answered without the agent, as soon as there is no other one.
    var autoAnswerDeadline: Instant? {
        isOnline && mayAnswer ? calls.compactMap(\.answersAt).min() : nil
    }

    mutating func answerAutomatically(at now: Moment) -> [Output] {
        guard let login, let due = autoAnswerDeadline, due <= now.instant,
            let index = calls.firstIndex(where: { $0.answersAt == due })
        else { return [] }
        return answer(index, login.user, nil, at: now)
    }

    mutating func answerFailed(_ ccNumber: CallID, at now: Moment) {
        guard let index = index(of: ccNumber), case .answering = calls[index].state else { return }
        calls[index].state = .offered(at: now)
    }

    /// Hangs up or refuses; without a connection the sound is cut at least, and the platform finds the leg gone.
    mutating func terminate(_ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        guard let login else { return refuse(id, .notLoggedIn.with(code: .terminateFailed)) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall.with(code: .terminateFailed)) }
        guard isOnline else { return end(calls[index], .agentHungUp, at: now) + accept(id, result: true) }
        guard !isEnding(calls[index]) else { return refuse(id, .wrongState.with(code: .terminateFailed)) }
        calls[index].answersAt = nil
        let action = dialect.action(for: .hangUp(ccNumber), user: login.user, at: now, using: &randomness)
        return send(action, .hangUp(ccNumber), for: id, at: now)
    }

    /// Whether it has been hung up, or its end is certain.
    private func isEnding(_ call: Call) -> Bool {
        call.ending != nil || waiting.values.contains { $0.purpose == .hangUp(call.id) }
    }

    /// The platform has not taken it: the sound ends all the same, and so does the call, a little later.
    mutating func terminateFailed(_ ccNumber: CallID, at now: Moment) -> [Output] {
        guard let index = index(of: ccNumber), !calls[index].isOffered else { return [] }
        expectEnd(of: ccNumber, reason: .agentHungUp, at: now)
        return hangUpLegs(of: ccNumber, at: now)
    }

    var notReady: Problem {
        guard let login else { return .notLoggedIn }
        return login.link.isUp ? .notLoggedIn : .platformUnreachable
    }

    func index(of call: CallID) -> Int? {
        calls.firstIndex { $0.id == call }
    }
}

/// How calls end: once, whoever says so first.
extension Seat {
    /// Leaves the platform a while to say it in its own words.
    mutating func expectEnd(of ccNumber: CallID, reason: EndReason, after: Duration = endTime, at now: Moment) {
        guard let index = index(of: ccNumber), calls[index].ending == nil else { return }
        calls[index].ending = Call.Ending(reason: reason, deadline: now.instant + after)
    }

    mutating func callDeadlines(at now: Moment) -> [Output] {
        var outputs: [Output] = []
        if let due = dialling?.deadline, due <= now.instant { outputs += giveUpDialling() }
        for call in calls where call.deadline.map({ $0 <= now.instant }) ?? false {
            if let ending = call.ending {
                outputs += end(call, ending.reason, at: now)
            } else {
                outputs += hangUpAtPlatform(call.id, at: now) + end(call, .agentHungUp, at: now)
            }
        }
        return outputs
    }

    /// Says it once and waits for nothing.
    mutating func hangUpAtPlatform(_ call: CallID, at now: Moment) -> [Output] {
        if let verb = monitor.leaving(call) { return sendUnawaited(verb, call, at: now) }
        guard isOnline, let user = login?.user else { return [] }
        let action = dialect.action(for: .hangUp(call), user: user, at: now, using: &randomness)
        return send(action, .hangUp(call), for: nil, at: now)
    }

    /// The platform took the message and then said nothing, or can say nothing any more; `r` is SIP's word for that, 408. Who
    /// still waits for the message to be taken is told so in the reply.
    mutating func giveUpDialling() -> [Output] {
        guard let dialling else { return [] }
        self.dialling = nil
        guard !waiting.values.contains(where: { $0.purpose == .call(dialling.kind) }) else { return [] }
        let (type, a): (String, JSON) =
            dialling.kind == .inside ? ("callinResponse", "301") : ("calloutResponse", "201")
        let data: JSON = ["a": a, "r": "408", "n": .string(dialling.number)]
        return [.event(Event.Content(.callEvent, type: type, data: data))]
    }

    /// Ends a call with the event its state asks for; `said` is the platform's own notice of it, if it gave one.
    mutating func end(_ call: Call, _ reason: EndReason, said: JSON? = nil, at now: Moment) -> [Output] {
        calls.removeAll { $0.id == call.id }
        let settled = settle(call.id, at: now)
        return settled + [.event(endEvent(of: call, reason, said: said, at: now))] + hangUpLegs(of: call.id, at: now)
            + drive(.callEnded(call.id), at: now)
    }

    /// Answers who waits for what can no longer be done with a call: it is over, and what was to end it has.
    mutating func settle(_ call: CallID, at now: Moment) -> [Output] {
        expectNoMore(of: call, at: now)
        let done = confirm { $0 == .hangUp(call) }
        let late = waiting.filter { [.answer(call), .hold(call), .unhold(call)].contains($0.value.purpose) }
        for id in late.keys { waiting[id] = nil }
        let refused = late.values.flatMap { refuse($0.command, .noSuchCall.with(code: $0.failure)) }
        return done + refused + (keySequence?.call == call ? keysFailed(.wrongState) : [])
    }

    private func endEvent(of call: Call, _ reason: EndReason, said: JSON?, at now: Moment) -> Event.Content {
        if call.isOffered, said == nil {
            return Event.Content(.callEvent, type: "cancelPBXCall", data: ["a": "101", "c": .string(call.id)])
        }
        let connected = call.connectedSince == nil ? .notConnected : reason
        var data =
            said.flatMap { call.told($0).object } ?? [
                "a": "105", "c": .string(call.id), "r": .string(connected.rawValue),
            ]
        data["callTime"] = call.callTime(reason, at: now)
        return Event.Content(.callEvent, type: "endPBXCall", data: .object(data))
    }

    /// Tells the platform and the subscribers that every call is over.
    mutating func endAllCalls(at now: Moment) -> [Output] {
        let ended = calls.flatMap { hangUpAtPlatform($0.id, at: now) + end($0, .agentHungUp, at: now) }
        return ended + legs.keys.flatMap { hangUp($0, at: now) }
    }

    /// Without a connection a call that has no audio yet can never get any; one whose sound is at another telephone may go on.
    mutating func endCallsWithoutAudio(at now: Moment) -> [Output] {
        let audible = Set(legs.values.compactMap(\.call))
        let isElsewhere = login?.user.telephone != .here
        let unheard = monitor.call.flatMap { audible.contains($0) ? nil : $0 }
        let unwatched = unheard.map { drive(.callEnded($0), at: now) } ?? []
        return giveUpDialling() + unwatched
            + calls.filter { !audible.contains($0.id) && !(isElsewhere && $0.connectedSince != nil) }
            .flatMap { end($0, .notConnected, at: now) }
    }
}
