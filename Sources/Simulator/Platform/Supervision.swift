import Wire

/// A supervisor's `cm` bodies and what one is told of the group's calls (platform protocol §3.4, all of it assumed).
extension Platform {
    private enum Verdict: String { case done = "200", forbidden = "403", noSuchCall = "404", wrongState = "409" }

    mutating func supervise(_ body: Element, by seat: String, at now: Instant) -> [Output] {
        if body["a"] == "10" {
            presences[seat]?.watchesCalls = configuration.world.member(seat)?.isSupervisor ?? false
            return []
        }
        let ccNumber = body["c"] ?? ""
        let target = calls.values.first { $0.machine.ccNumber == ccNumber && $0.machine.kind != .watching }
        let watch = calls.values.first { $0.seat == seat && $0.machine.kind == .watching }
        func answer(_ verdict: Verdict) -> Element {
            Element("cm", ["a": body["a"] ?? "", "c": ccNumber, "r": verdict.rawValue])
        }
        guard configuration.world.member(seat)?.isSupervisor == true else {
            return tell(seat, answer(.forbidden), at: now)
        }
        guard let target else { return tell(seat, answer(.noSuchCall), at: now) }
        guard let group = group(of: seat), group == self.group(of: target.seat) else {
            return tell(seat, answer(.forbidden), at: now)
        }
        let isWatching = watch?.machine.ccNumber == ccNumber
        let done: [Output]
        switch (body["a"], isWatching, watch?.hasJoined ?? false) {
        case ("1", false, _) where target.machine.state == .talking && isFree(seat):
            done = tell(seat, answer(.done), at: now)
            let leg = addCall(
                .watching, of: seat, number: target.machine.number, party: nil, room: target.room,
                ccNumber: ccNumber, at: now)
            return done + hand(.begin, to: leg, at: now)
        case ("3", true, false):
            if let watch { calls[watch.leg]?.hasJoined = true }
            done = arrange(target.room)
        case ("2", true, false), ("4", true, true):
            done = watch.map { hand(.hangUp, to: $0.leg, at: now) } ?? []
        case ("5", true, _):
            done = hand(.hangUp, to: target.leg, at: now)
        case ("6", false, _) where watch == nil:
            done = hand(.hangUp, to: target.leg, at: now)
        default:
            return tell(seat, answer(.wrongState), at: now)
        }
        return tell(seat, answer(.done), at: now) + done
    }

    /// Who listened in on a call that is over.
    mutating func endWatching(of call: Call, at now: Instant) -> [Output] {
        guard call.machine.kind != .watching else { return [] }
        let watching = calls.values.filter {
            $0.machine.kind == .watching && $0.machine.ccNumber == call.machine.ccNumber
        }
        return watching.map(\.leg).flatMap { hand(.partyHungUp, to: $0, at: now) }
    }

    /// Tells the group's supervisors that a call has begun; the second seat of a call is not told of again.
    mutating func reportBegin(of leg: LegID, at now: Instant) -> [Output] {
        guard let call = calls[leg], let group = group(of: call.seat) else { return [] }
        let supervisors = presences.filter { seat, presence in
            presence.watchesCalls && seat != call.seat && self.group(of: seat) == group
        }.keys.sorted()
        calls[leg]?.reportedTo = supervisors
        return supervisors.flatMap { tell($0, report(call, end: ""), at: now) }
    }

    /// Who was not told of its beginning is not told of its end; one that is offered again has not ended.
    mutating func reportEnd(of call: Call, at now: Instant) -> [Output] {
        guard
            !calls.values.contains(where: {
                $0.machine.ccNumber == call.machine.ccNumber && $0.machine.kind != .watching
            })
        else { return [] }
        let time = (configuration.unixTimeAtZero + now.nanoseconds / 1_000_000) / 1000
        return call.reportedTo.flatMap { tell($0, report(call, end: String(time)), at: now) }
    }

    private func report(_ call: Call, end: String) -> Element {
        Element(
            "rc",
            [
                "n": configuration.world.sipUser(of: call.seat), "t": call.machine.number, "c": call.machine.ccNumber,
                "b": String(call.began), "e": end,
            ])
    }
}
