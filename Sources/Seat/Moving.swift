import SIP
import Wire

/// Legs whose audio moves to other addresses of this machine, by a re-INVITE with an ICE restart (RFC 8839 §4.4.1.1.1).
extension Seat {
    /// Often the connection to the platform is gone as well: the offer waits for the next one.
    mutating func legOffers(_ leg: LegID, _ sdp: String, at now: Moment) -> [Output] {
        guard legs[leg] != nil else { return [] }
        if let outputs = answerByOffer(leg, sdp, at: now) { return outputs }
        legs[leg]?.offer = LegOffer(sdp: sdp)
        return sendWaitingLegOffers(at: now)
    }

    mutating func sendWaitingLegOffers(at now: Moment) -> [Output] {
        isOnline ? sendLegOffers(at: now) : []
    }

    /// Those that can be made now: an offer of the other end comes first.
    mutating func sendLegOffers(at now: Moment) -> [Output] {
        legs.flatMap { leg, value -> [Output] in
            guard let offer = value.offer, offer.request == nil, value.pending == nil else { return [] }
            lastRequest += 1
            let request = RequestID(lastRequest)
            legs[leg]?.offer?.request = request
            return agent(
                .sendInCall(
                    leg.call, request, .invite, headers: [.contentType: "application/sdp"], body: Array(offer.sdp.utf8)),
                at: now)
        }
    }

    /// Nil where it is the answer to something else.
    mutating func legOfferAnswered(_ id: RequestID, _ response: Response) -> [Output]? {
        guard let leg = legs.first(where: { $0.value.offer?.request == id })?.key else { return nil }
        legs[leg]?.offer = nil
        return [.answerToLeg(leg, sdp: response.isSuccess ? response.sessionDescription : nil)]
    }

    /// Without an answer it is made again over the next connection.
    mutating func legOfferFailed(_ id: RequestID) -> [Output]? {
        guard let leg = legs.first(where: { $0.value.offer?.request == id })?.key else { return nil }
        guard !isOnline else {
            legs[leg]?.offer = nil
            return [.answerToLeg(leg, sdp: nil)]
        }
        legs[leg]?.offer?.request = nil
        return []
    }
}
