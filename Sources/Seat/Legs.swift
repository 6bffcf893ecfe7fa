import ControlAPI
import Dialect
import SIP
import Wire

/// Where the answer to an offer goes.
enum PendingOffer: Sendable {
    case invite
    case update(RequestToken)
}

/// The audio legs: INVITEs of the platform, answered at once, tied to a call by the INFO that follows.
extension Seat {
    /// One per call and one that is just going away.
    private static let mostLegs = 8
    private static let graceAfterBye = Duration.seconds(2)

    mutating func legOffered(_ leg: LegID, _ request: Request, at now: Moment) -> [Output] {
        guard dialect.facts(in: .invite).contains(.answerAtOnce), legs.count < Self.mostLegs else {
            return agent(.answer(leg, status: 486), at: now)
        }
        guard request.hasSDP else { return agent(.notAcceptable(leg, "an offer is needed"), at: now) }
        legs[leg] = Leg(pending: .invite)
        return [.offerToLeg(leg, sdp: request.text)]
    }

    mutating func legUpdate(_ leg: LegID, _ token: RequestToken, _ request: Request, at now: Moment) -> [Output] {
        guard legs[leg] != nil, request.hasSDP else { return agent(.respond(token, status: 488), at: now) }
        guard legs[leg]?.pending == nil else { return agent(.respond(token, status: 491), at: now) }
        legs[leg]?.pending = .update(token)
        return [.offerToLeg(leg, sdp: request.text)]
    }

    mutating func legAnswered(_ leg: LegID, _ sdp: String, at now: Moment) -> [Output] {
        let headers: Headers = [.contentType: "application/sdp"]
        switch takePending(leg) {
        case .invite?: return agent(.answer(leg, status: 200, headers: headers, body: Array(sdp.utf8)), at: now)
        case .update(let token)?:
            return agent(.respond(token, status: 200, headers: headers, body: Array(sdp.utf8)), at: now)
        case nil: return []
        }
    }

    mutating func legRefused(_ leg: LegID, _ reason: String, at now: Moment) -> [Output] {
        switch takePending(leg) {
        case .invite?: return agent(.notAcceptable(leg, reason), at: now)
        case .update(let token)?: return agent(.respond(token, status: 488), at: now)
        case nil: return []
        }
    }

    private mutating func takePending(_ leg: LegID) -> PendingOffer? {
        defer { legs[leg]?.pending = nil }
        return legs[leg]?.pending
    }

    /// Without sound there is no call: it is hung up, and ends here even if the platform cannot say so.
    mutating func legFailed(_ leg: LegID, at now: Moment) -> [Output] {
        guard let call = legs[leg]?.call else { return hangUp(leg, at: now) }
        var outputs = hangUp(leg, at: now)
        if isOnline, let user = login?.user {
            let action = dialect.action(for: .hangUp(call), user: user, at: now, using: &randomness)
            outputs += send(action, .hangUp(call), for: nil, at: now)
        }
        expectEnd(of: call, reason: .agentHungUp, at: now)
        return outputs
    }

    mutating func legRequest(_ leg: LegID, _ token: RequestToken, _ request: Request, at now: Moment) -> [Output] {
        guard request.method == .info else { return agent(.respond(token, status: 405), at: now) }
        for case .audio(let call) in dialect.facts(in: .info(body: request.body)) { legs[leg]?.call = call }
        return agent(.respond(token, status: 200), at: now)
    }

    /// The BYE may come before the platform's notice of the end, after it, or alone.
    mutating func legEnded(_ leg: LegID, at now: Moment) -> [Output] {
        guard let ended = legs.removeValue(forKey: leg) else { return [] }
        if let call = ended.call {
            expectEnd(of: call, reason: .customerHungUp, after: Self.graceAfterBye, at: now)
        }
        return [.closeLeg(leg)]
    }

    mutating func hangUpLegs(of call: CallID, at now: Moment) -> [Output] {
        legs.filter { $0.value.call == call }.keys.flatMap { hangUp($0, at: now) }
    }

    /// The leg is forgotten at once, so its end causes nothing more.
    mutating func hangUp(_ leg: LegID, at now: Moment) -> [Output] {
        guard legs.removeValue(forKey: leg) != nil else { return [] }
        return [.closeLeg(leg)] + agent(.hangUp(leg), at: now)
    }
}

extension Request {
    fileprivate var hasSDP: Bool {
        !body.isEmpty && headers[.contentType]?.lowercased().hasPrefix("application/sdp") == true
    }
}

extension UserAgent.Input {
    /// 488 with the reason in a Warning (RFC 3261 §20.43, code 399: miscellaneous).
    fileprivate static func notAcceptable(_ leg: LegID, _ reason: String) -> UserAgent.Input {
        .answer(leg, status: 488, headers: ["Warning": "399 phonebard \"\(reason)\""])
    }
}
