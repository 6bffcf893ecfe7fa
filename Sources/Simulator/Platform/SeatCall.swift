import Wire

/// One call of one seat as the platform sees it: notices, audio leg and the party at the other end (platform protocol §6).
struct SeatCall: Sendable {
    enum Kind: Sendable, Equatable {
        case outside
        case inside
        case incoming
        /// A supervisor who listens in on another seat's call.
        case watching
    }

    enum Input: Sendable {
        case begin
        /// `cc a=102`.
        case answer
        /// `cc a=106`.
        case hangUp
        case seatLost

        case offerMade(String)
        case mediaFailed
        case legAnswered(String)
        case legEnded

        case partyAnswered
        case partyRefused
        case partyHungUp

        case deadlineReached
    }

    enum Output: Sendable, Equatable {
        case tell(Element)
        case makeOffer
        case invite(offer: String)
        case acceptAnswer(String)
        /// The INFO that ties the leg to the ccNumber.
        case identifyLeg
        case hangUpLeg
        case closeMedia

        case ringParty
        case connectParty
        case tellParty(PartyNews)
    }

    enum PartyNews: Sendable, Equatable { case answered, refused, hungUp }

    enum State: Sendable, Equatable {
        case idle
        /// The seat rings, told so each second.
        case alerting(nextNotice: Instant, until: Instant)
        case offering
        case inviting
        /// The party rings.
        case calling(until: Instant)
        case talking
        case ended(reason: Int?)
    }

    let kind: Kind
    let ccNumber: String
    /// The other side, as the seat is told it.
    let number: String
    /// How long either side may ring.
    let patience: Duration
    private(set) var state = State.idle

    init(_ kind: Kind, ccNumber: String, number: String, patience: Duration) {
        self.kind = kind
        self.ccNumber = ccNumber
        self.number = number
        self.patience = patience
    }

    var deadline: Instant? {
        switch state {
        case .alerting(let nextNotice, let until): min(nextNotice, until)
        case .calling(let until): until
        case .idle, .offering, .inviting, .talking, .ended: nil
        }
    }

    var isOver: Bool {
        if case .ended = state { true } else { false }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (state, input) {
        case (.idle, .begin) where kind == .incoming:
            state = .alerting(nextNotice: now + .seconds(1), until: now + patience)
            return [.tell(newCall)]
        case (.idle, .begin) where kind == .watching:
            state = .offering
            return [.makeOffer]
        case (.idle, .begin):
            state = .offering
            return [.tell(Self.response(kind, result: 200, ccNumber: ccNumber, number: number)), .makeOffer]

        case (.alerting, .answer):
            state = .offering
            return [.makeOffer]
        case (.alerting(_, let until), .deadlineReached) where now >= until:
            return cancel(tellingParty: .refused)
        case (.alerting(let nextNotice, let until), .deadlineReached) where now >= nextNotice:
            state = .alerting(nextNotice: now + .seconds(1), until: until)
            return [.tell(newCall)]
        case (.alerting, .hangUp):
            return cancel(tellingParty: .refused)
        case (.alerting, .partyHungUp):
            return cancel()

        case (.offering, .offerMade(let offer)):
            state = .inviting
            return [.invite(offer: offer)]
        case (.inviting, .legAnswered(let answer)) where kind == .incoming:
            state = .talking
            return [
                .acceptAnswer(answer), .identifyLeg, .tell(answered), .connectParty, .tellParty(.answered),
            ]
        case (.inviting, .legAnswered(let answer)) where kind == .watching:
            state = .talking
            return [.acceptAnswer(answer), .identifyLeg, .tell(answered)]
        case (.inviting, .legAnswered(let answer)):
            state = .calling(until: now + patience)
            return [.acceptAnswer(answer), .identifyLeg, .ringParty]
        case (.offering, .partyHungUp) where kind == .watching, (.inviting, .partyHungUp) where kind == .watching:
            return [.hangUpLeg] + end(reason: .notConnected)
        case (.offering, .partyHungUp), (.inviting, .partyHungUp):
            return [.hangUpLeg, .closeMedia] + cancel()
        case (.offering, .hangUp), (.offering, .mediaFailed), (.inviting, .hangUp), (.inviting, .mediaFailed):
            return [.hangUpLeg] + end(reason: .notConnected)
        case (.inviting, .legEnded):
            return end(reason: .notConnected)

        case (.calling, .partyAnswered):
            state = .talking
            return [.tell(answered), .connectParty]
        case (.calling(let until), .deadlineReached) where now >= until:
            return [.hangUpLeg] + missed() + end(reason: .notConnected)
        case (.calling, .partyRefused), (.calling, .partyHungUp):
            return [.hangUpLeg] + missed() + end(reason: .notConnected)
        case (.calling, .hangUp), (.calling, .mediaFailed):
            return [.hangUpLeg] + end(reason: .notConnected)
        case (.calling, .legEnded):
            return end(reason: .notConnected)

        case (.talking, .partyHungUp):
            return [.hangUpLeg] + end(reason: .party)
        case (.talking, .hangUp), (.talking, .mediaFailed):
            return [.hangUpLeg] + end(reason: .agent)
        case (.talking, .legEnded):
            return end(reason: .agent)

        case (.alerting, .seatLost):
            state = .ended(reason: nil)
            return [.tellParty(.refused)]
        case (.offering, .seatLost), (.inviting, .seatLost), (.calling, .seatLost), (.talking, .seatLost):
            state = .ended(reason: nil)
            return [.closeMedia, .tellParty(.hungUp)]

        case (.idle, _), (.alerting, _), (.offering, _), (.inviting, _), (.calling, _), (.talking, _), (.ended, _):
            return []
        }
    }
}

extension SeatCall {
    /// `r` of `cc a=105`.
    private enum EndReason: Int { case notConnected = 20, party = 25, agent = 26 }

    private mutating func end(reason: EndReason) -> [Output] {
        state = .ended(reason: reason.rawValue)
        let notice = Element(
            "cc", ["a": "105", "c": ccNumber, "n": number, "r": String(reason.rawValue)])
        return [.tell(notice), .closeMedia, .tellParty(.hungUp)]
    }

    /// [assumed] The notice is repeated at once; the platform is known to repeat it.
    private mutating func cancel(tellingParty news: PartyNews? = nil) -> [Output] {
        state = .ended(reason: nil)
        let notice = Element("cc", ["a": "101", "c": ccNumber, "n": number])
        return [.tell(notice), .tell(notice)] + (news.map { [.tellParty($0)] } ?? [])
    }

    private func missed() -> [Output] {
        kind == .inside ? [.tell(Element("cc", ["a": "309", "c": ccNumber, "n": number]))] : []
    }

    private var newCall: Element { Element("cc", ["a": "100", "c": ccNumber, "n": number]) }
    private var answered: Element { Element("cc", ["a": "104", "c": ccNumber, "n": number]) }

    /// `cc a=201` or `301`: whether a call that the seat asked for is on.
    static func response(_ kind: Kind, result: Int, ccNumber: String?, number: String) -> Element {
        let code = kind == .inside ? "301" : "201"
        guard let ccNumber else { return Element("cc", ["a": code, "r": String(result), "n": number]) }
        return Element("cc", ["a": code, "r": String(result), "c": ccNumber, "n": number])
    }
}
