import Wire

extension Platform {
    package func facts(in incoming: Incoming) -> [Fact] {
        switch incoming {
        case .invite: [.answerAtOnce]
        case .info(let body): Element(document: body).flatMap(audioTie).map { [$0] } ?? []
        case .message(let body): Element(document: body).flatMap(notice).map { [$0] } ?? []
        }
    }

    /// `<i n="{ccNumber}" s="*">…</i>` in an INFO ties its dialog to the call (§3.3).
    private func audioTie(_ element: Element) -> Fact? {
        guard element.name == "i", let call = element["n"], !call.isEmpty else { return nil }
        return .audio(of: call)
    }

    /// One notice of §3.2; nil for those that are ignored.
    private func notice(_ element: Element) -> Fact? {
        if let fact = configuration.supervisor.fact(in: element) { return fact }
        switch element.name {
        case "cc": return callNotice(element)
        case "o": return kickOff(element)
        default: return nil
        }
    }

    private func callNotice(_ cc: Element) -> Fact? {
        let data = cc.data
        let call = cc["c"].flatMap { $0.isEmpty ? nil : $0 }
        let isTaken = cc["r"] == "200"
        switch (cc["a"], call) {
        case ("1", _): return .seatStatus(.idle, data: ["status": 1])
        case ("2", _): return .seatStatus(.busy, data: ["status": 2])
        // Taken, but as which call? That says nothing.
        case ("201", nil) where isTaken, ("301", nil) where isTaken: return nil
        case ("201", _): return .dialled(.outside, call: isTaken ? call : nil, data: data)
        case ("301", _): return .dialled(.inside, call: isTaken ? call : nil, data: data)
        case ("38", let call?): return .transferred(call, isDone: true, data: data)
        case ("39", let call?): return .transferred(call, isDone: false, data: data)
        case ("87", _): return .afterCallStatus(isSet: isTaken)
        case ("82", _): return .groupSeats(cc.children.filter { $0.name == "u" }.map(\.data))
        case ("309", _): return .unanswered(call: call, data: data)
        case ("100", let call?): return .offered(call, number: cc["n"] ?? "", data: data)
        case ("101", let call?): return .withdrawn(call, data: data)
        case ("104", let call?): return .answered(call, data: data)
        case ("105", let call?): return .ended(call, cc["r"].flatMap(EndReason.init) ?? .notConnected, data: data)
        default: return nil
        }
    }

    /// `<o><a><u n a="o" nm r/></a></o>`: the seat is logged out by the platform.
    private func kickOff(_ element: Element) -> Fact? {
        guard let user = element.child("a")?.child("u"), user["a"] == "o" else { return nil }
        var data = user.data.object ?? [:]
        data["a"] = nil
        return .kickedOff(data: .object(data))
    }
}
