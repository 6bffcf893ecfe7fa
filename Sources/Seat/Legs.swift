import ControlAPI
import Dialect
import SIP
import Wire

/// Where the answer to an offer goes.
enum PendingOffer: Sendable, Equatable {
    case invite
    case update(RequestToken)
    /// It is still to come from us, for a re-INVITE that had none.
    case request(RequestToken)
    /// It is ours, in the answer to an INVITE that had none.
    case acknowledgement
}

/// The audio legs: INVITEs of the platform, answered at once, tied to a call by the INFO that follows.
extension Seat {
    /// One per call and one that is just going away.
    private static let mostLegs = 8
    private static let graceAfterBye = Duration.seconds(2)
    /// From the INVITE to the INFO that says whose audio it is, and to the call's own notices.
    private static let tyingTime = Duration.seconds(10)
    /// From the platform's word that a call is answered to its INVITE, which usually comes before.
    private static let soundTime = Duration.seconds(20)
    /// The option, and the INFO package, of candidates that follow their description (RFC 8840 §5.4, §10.9).
    static let trickling = "trickle-ice"

    mutating func legOffered(_ leg: LegID, _ request: Request, at now: Moment) -> [Output] {
        guard dialect.facts(in: .invite).contains(.answerAtOnce), legs.count < Self.mostLegs,
            login?.loggingOut == nil
        else { return agent(.answer(leg.call, status: 480), at: now) }
        legs[leg] = Leg(pending: .invite, deadline: now.instant + Self.tyingTime)
        let muted: [Output] = monitor.awaitsSilentLeg ? [.muteLeg(leg, true)] : []
        guard let offer = request.sessionDescription else { return muted + [.offerFromLeg(leg)] }
        return muted + [.offerToLeg(leg, sdp: offer)]
    }

    /// An INVITE without an offer is answered by one, and the ACK has the answer (RFC 3261 §13.2.1, §14.2); nil when nobody
    /// has asked for the offer.
    mutating func answerByOffer(_ leg: LegID, _ sdp: String, at now: Moment) -> [Output]? {
        let headers: Headers = [.contentType: "application/sdp"]
        let body = Array(sdp.utf8)
        switch legs[leg]?.pending {
        case .invite?:
            legs[leg]?.pending = .acknowledgement
            return agent(.answer(leg.call, status: 200, headers: headers, body: body), at: now)
        case .request(let token)?:
            legs[leg]?.pending = .acknowledgement
            return agent(.respond(token, status: 200, headers: headers, body: body), at: now)
        // The same offer once more, as the addresses have changed meanwhile.
        case .acknowledgement?: return []
        case .update?, nil: return nil
        }
    }

    /// Without an answer the session stays as it was, if there was one.
    mutating func legConfirmed(_ leg: LegID, _ acknowledgement: Request, at now: Moment) -> [Output] {
        guard legs[leg]?.pending == .acknowledgement else { return [] }
        legs[leg]?.pending = nil
        return [.answerToLeg(leg, sdp: acknowledgement.sessionDescription)] + sendWaitingLegOffers(at: now)
    }

    /// A re-INVITE without an offer wants one of ours, as if the call were new (RFC 3261 §14.2).
    mutating func legUpdate(_ leg: LegID, _ token: RequestToken, _ request: Request, at now: Moment) -> [Output] {
        guard let state = legs[leg] else { return agent(.respond(token, status: 488), at: now) }
        guard state.pending == nil, state.offer == nil else { return agent(.respond(token, status: 491), at: now) }
        expectSound(state.call)
        guard let offer = request.sessionDescription else {
            legs[leg]?.pending = .request(token)
            return [.offerFromLeg(leg)]
        }
        legs[leg]?.pending = .update(token)
        return [.offerToLeg(leg, sdp: offer)]
    }

    /// Who was heard until now may have gone because somebody else takes its place.
    private mutating func expectSound(_ call: CallID?) {
        guard let index = call.flatMap({ index(of: $0) }), calls[index].ending?.reason == .customerHungUp else {
            return
        }
        calls[index].ending = nil
    }

    /// The offer in the response to a re-INVITE that refreshes the session (RFC 4028 §7.4); without its answer the call would end.
    mutating func legOffered(_ leg: LegID, _ token: RequestToken, _ response: Response, at now: Moment) -> [Output] {
        guard legs[leg] != nil, legs[leg]?.pending == nil, let offer = response.sessionDescription else {
            return agent(.respond(token, status: 488), at: now)
        }
        legs[leg]?.pending = .update(token)
        return [.offerToLeg(leg, sdp: offer)]
    }

    mutating func legAnswered(_ leg: LegID, _ sdp: String, at now: Moment) -> [Output] {
        let headers: Headers = [.contentType: "application/sdp"]
        switch takePending(leg) {
        case .invite?: return agent(.answer(leg.call, status: 200, headers: headers, body: Array(sdp.utf8)), at: now)
        case .update(let token)?:
            return agent(.respond(token, status: 200, headers: headers, body: Array(sdp.utf8)), at: now)
                + sendWaitingLegOffers(at: now)
        case .request?, .acknowledgement?, nil: return []
        }
    }

    mutating func legRefused(_ leg: LegID, _ warning: Warning, at now: Moment) -> [Output] {
        switch takePending(leg) {
        case .invite?: return agent(.answer(leg.call, status: 488, headers: warning.headers), at: now)
        case .update(let token)?, .request(let token)?:
            return agent(.respond(token, status: 488, headers: warning.headers), at: now)
                + sendWaitingLegOffers(at: now)
        case .acknowledgement?, nil: return []
        }
    }

    private mutating func takePending(_ leg: LegID) -> PendingOffer? {
        defer { legs[leg]?.pending = nil }
        return legs[leg]?.pending
    }

    /// Without sound there is no call: it is hung up, and ends here even if the platform cannot say so.
    mutating func legFailed(_ leg: LegID, at now: Moment) -> [Output] {
        let call = legs[leg]?.call
        let outputs = hangUp(leg, at: now)
        guard let call, !hasLeg(call) else { return outputs }
        guard isOnline else { return outputs + endNow(call, .agentHungUp, at: now) }
        expectEnd(of: call, reason: .agentHungUp, at: now)
        let unannounced = index(of: call) == nil
        return outputs + hangUpAtPlatform(call, at: now) + (unannounced ? drive(.callEnded(call), at: now) : [])
    }

    private mutating func endNow(_ call: CallID, _ reason: EndReason, at now: Moment) -> [Output] {
        index(of: call).map { end(calls[$0], reason, at: now) } ?? drive(.callEnded(call), at: now)
    }

    /// The audio is over by the other side's will: the platform's notice is waited for, but not for long.
    mutating func legLost(_ leg: LegID, at now: Moment) -> [Output] {
        guard let call = legs[leg]?.call, legs.values.filter({ $0.call == call }).count == 1 else { return [] }
        expectEnd(of: call, reason: .customerHungUp, after: Self.graceAfterBye, at: now)
        return []
    }

    /// A call that is answered and never heard does not keep the seat.
    mutating func awaitSound(of call: CallID, at now: Moment) {
        guard login?.user.telephone == .here, !hasLeg(call), let index = index(of: call) else { return }
        calls[index].soundDue = now.instant + Self.soundTime
    }

    private func hasLeg(_ call: CallID) -> Bool {
        legs.values.contains { $0.call == call }
    }

    mutating func legRequest(_ leg: LegID, _ token: RequestToken, _ request: Request, at now: Moment) -> [Output] {
        guard request.method == .info else { return agent(.respond(token, status: 405), at: now) }
        let outputs = agent(.respond(token, status: 200), at: now)
        if request.headers[.contentType]?.lowercased().hasPrefix("application/trickle-ice-sdpfrag") == true {
            return outputs + [.candidatesForLeg(leg, fragment: request.text)]
        }
        return outputs + dialect.facts(in: .info(body: request.body)).flatMap { tie(leg, $0, at: now) }
    }

    /// A leg that comes for a call which has one takes its place: after a lost connection the platform may call anew.
    private mutating func tie(_ leg: LegID, _ fact: Fact, at now: Moment) -> [Output] {
        guard case .audio(let call) = fact, legs[leg] != nil, legs[leg]?.call != call else { return [] }
        let replaced = hangUpLegs(of: call, at: now)
        legs[leg]?.call = call
        if let index = index(of: call) { calls[index].soundDue = nil }
        let settled = confirm { $0 == .answer(call) }
        guard isMuted(call) || monitor.awaitsSilentLeg else { return replaced + settled }
        return replaced + settled + [.muteLeg(leg, isMuted(call))]
    }

    /// A leg that belongs to no call the seat knows is hung up.
    mutating func legDeadlines(at now: Moment) -> [Output] {
        let due = legs.filter { leg in leg.value.deadline.map { $0 <= now.instant } ?? false }
        return due.flatMap { leg, value -> [Output] in
            legs[leg]?.deadline = nil
            let isKnown = value.call.map { index(of: $0) != nil || monitor.call == $0 } ?? false
            return isKnown ? [] : hangUp(leg, at: now)
        }
    }

    /// The BYE may come before the platform's notice of the end, after it, or alone.
    mutating func legEnded(_ leg: LegID, at now: Moment) -> [Output] {
        guard let ended = legs.removeValue(forKey: leg) else { return [] }
        guard let call = ended.call, !hasLeg(call) else { return [.closeLeg(leg)] }
        expectEnd(of: call, reason: .customerHungUp, after: Self.graceAfterBye, at: now)
        return [.closeLeg(leg)] + (index(of: call) == nil ? drive(.callEnded(call), at: now) : [])
    }

    mutating func hangUpLegs(of call: CallID, at now: Moment) -> [Output] {
        legs.filter { $0.value.call == call }.keys.flatMap { hangUp($0, at: now) }
    }

    /// The leg is forgotten at once, so its end causes nothing more.
    mutating func hangUp(_ leg: LegID, at now: Moment) -> [Output] {
        guard legs.removeValue(forKey: leg) != nil else { return [] }
        return [.closeLeg(leg)] + agent(.hangUp(leg.call), at: now)
    }
}

/// Why a description was refused: the warn-code and warn-text of a 488 (RFC 3261 §20.43).
package struct Warning: Sendable, Equatable {
    package let code: Int
    package let text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    fileprivate var headers: Headers { ["Warning": "\(code) phonebard \"\(text)\""] }
}
