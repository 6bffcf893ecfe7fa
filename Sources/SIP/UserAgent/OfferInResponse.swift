import Wire

/// An offer in a response to an INVITE of ours without one, and what takes the owner's answer there (RFC 3261 §13.2.1).
struct OfferInResponse: Sendable {
    enum Bearer: Sendable {
        case prack(RAck)
        case ack(ClientKey, Modification?)
    }

    let response: Response
    let bearer: Bearer
    let dialog: Dialog.ID
}

extension UserAgent {
    mutating func offer(by response: Response, _ bearer: OfferInResponse.Bearer, in id: Dialog.ID) -> [Output] {
        guard let call = dialogs[id]?.call else { return [] }
        dialogs[id]?.negotiation = .offered(by: .remote)
        lastToken &+= 1
        let token = RequestToken(lastToken)
        offers[token] = OfferInResponse(response: response, bearer: bearer, dialog: id)
        return [.callOffered(call, token, response)]
    }

    /// The owner's answer to such an offer. One that is refused is acknowledged all the same, and the call ended.
    mutating func respond(to offer: OfferInResponse, _ answer: Answer, at now: Instant) -> [Output] {
        guard let call = dialogs[offer.dialog]?.call else { return [.diagnostic(.answerTooLate)] }
        let isAccepted = 200..<300 ~= answer.status
        dialogs[offer.dialog]?.negotiation.settle()
        switch offer.bearer {
        case .prack(let rAck):
            let outputs = acknowledge(rAck, in: offer.dialog, headers: answer.headers, body: answer.body, at: now)
            let progress: [Output] = [.callProgress(call, offer.response)]
            return outputs + (isAccepted ? progress : hangUp(call, headers: [:], at: now))
        case .ack(let key, let modification):
            let ack = acknowledge(offer, key, headers: answer.headers, body: answer.body)
            let outcome = modification?.outcome(offer.response) ?? [.callAnswered(call, offer.response)]
            return ack + (isAccepted ? outcome : end(call, .hungUp, at: now))
        }
    }

    private mutating func acknowledge(
        _ offer: OfferInResponse, _ key: ClientKey, headers: Headers = [:], body: [UInt8] = []
    ) -> [Output] {
        let number = offer.response.cSeq.number
        guard let ack = dialogs[offer.dialog]?.dialog.acknowledgement(of: number, headers: headers, body: body) else {
            return []
        }
        return acknowledge(ack, key, tag: offer.dialog.remoteTag)
    }

    /// A call that ends owes an ACK to every 2xx, even if its offer was not answered (RFC 3261 §13.2.2.4).
    mutating func abandonOffers(in id: Dialog.ID) -> [Output] {
        var outputs: [Output] = []
        for (token, offer) in offers where offer.dialog == id {
            offers[token] = nil
            if case .ack(let key, let modification) = offer.bearer {
                outputs += acknowledge(offer, key)
                outputs += modification?.outcome(offer.response) ?? []
            }
        }
        return outputs
    }

    /// Whether a 2xx waits for the owner's answer to go into its ACK.
    func isOffered(_ key: ClientKey, tag: String) -> Bool {
        offers.values.contains { offer in
            guard case .ack(key, _) = offer.bearer else { return false }
            return offer.dialog.remoteTag == tag
        }
    }
}

extension InviteClient {
    /// Whether the session description of a response is an offer: our INVITE had none, and nor had a response before.
    func isOffered(by response: Response, in session: Session) -> Bool {
        guard response.hasSession, !transaction.request.hasSession else { return false }
        return switch purpose {
        case .call: session.negotiation == .initial
        case .modification: session.negotiation == .agreed
        }
    }
}
