import Wire

// Changes to the session that the other side wants (RFC 3261 §14.2, RFC 3311 §5.2).
extension UserAgent {
    /// A re-INVITE or UPDATE; one at a time, and none that meets one of ours.
    mutating func modify(_ id: Dialog.ID, with request: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        switch collision(of: request, in: id) {
        case .local:
            return answer(request, Answer(status: 491))
        case .remote:
            let seconds = Int.random(in: 0...10, using: &randomness)
            return answer(request, Answer(status: 500, headers: [.retryAfter: String(seconds)]))
        case nil: break
        }
        if request.method == .update, !request.hasSession { return refresh(id, by: request, at: now) }
        guard !isFull else { return answer(request, Answer(status: 503)) }
        if request.hasSession { dialogs[id]?.negotiation.describe(by: .remote) }
        guard request.method == .invite, let call = dialogs[id]?.call else {
            return accept(request, key, in: id, at: now)
        }
        inviteServers[key] = InviteServer(
            transaction: InviteServerTransaction(request), call: call, dialog: id, token: newToken(for: key))
        return advance(key, .start, at: now)
    }

    /// An UPDATE without an offer leaves the owner nothing to decide: it tells of a new target, or that all is well.
    private mutating func refresh(_ id: Dialog.ID, by update: Request, at now: Instant) -> [Output] {
        let ok = compose(Answer(status: 200), to: update, tag: id.localTag)
        settle(id, update, with: ok, at: now)
        return [.transmit(ok.bytes)]
    }

    /// Whose request is in the way of this one.
    private func collision(of request: Request, in id: Dialog.ID) -> Negotiation.Side? {
        guard let session = dialogs[id] else { return nil }
        if request.method == .invite {
            if hasPendingInvite(id) { return .remote }
            if hasInviteUnderWay(session) { return .local }
        } else if servers.values.contains(where: { $0.dialog == id && $0.transaction.request.method == .update }) {
            return .remote
        }
        guard request.method == .invite || request.hasSession else { return nil }
        return switch session.negotiation {
        case .offered(let side): side
        // Before the first offer there is nothing to change; it has to come where the INVITE asks for it.
        case .initial: request.method == .update ? .local : nil
        case .agreed: nil
        }
    }

    /// Whether an INVITE of ours in the dialog, the first one included, waits for its final response.
    private func hasInviteUnderWay(_ session: Session) -> Bool {
        if let call = session.call, case .calling = calls[call]?.state { return true }
        return inviteClients.values.contains { client in
            guard case .modification(let modification) = client.purpose else { return false }
            return modification.dialog == session.dialog.id && client.transaction.isPending
        }
    }

    /// An offer that will never be answered leaves the session as it was.
    mutating func abandon(_ request: Request, in id: Dialog.ID?) {
        guard let id, Method.carriesOffers.contains(request.method), request.hasSession else { return }
        dialogs[id]?.negotiation.settle()
    }

    /// What our final response to an INVITE, UPDATE or PRACK does to the dialog.
    mutating func settle(_ id: Dialog.ID, _ request: Request, with response: Response, at now: Instant) {
        guard Method.carriesOffers.contains(request.method), !response.isProvisional else { return }
        if request.hasSession { dialogs[id]?.negotiation.settle() }
        guard response.isSuccess else { return }
        if request.method != .prack {
            dialogs[id]?.dialog.refreshTarget(from: request.headers)
            startTimer(of: id, by: response, as: .uas, at: now)
        }
        if request.hasSession || response.hasSession { dialogs[id]?.retry?.isStale = true }
    }
}

extension Method {
    fileprivate static let carriesOffers: Set<Method> = [.invite, .prack, .update]
}
