import Wire

// Requests of ours inside a call, and changes to its session (RFC 3261 §14.1, RFC 3311 §5.1).
extension UserAgent {
    mutating func send(
        _ id: RequestID, _ method: Method, in call: CallHandle, headers: Headers, body: [UInt8], at now: Instant
    ) -> [Output] {
        guard let dialog = calls[call]?.dialog else { return [.requestFailed(id, .refused)] }
        if [.invite, .update].contains(method) {
            let modification = Modification(id: id, dialog: dialog, method: method, headers: headers, body: body)
            return maySend(modification) ? send(modification, at: now) : [.requestFailed(id, .refused)]
        }
        guard !Method.reserved.contains(method), calls[call]?.isCancelled == false,
            maySend(infoPackage: headers[.infoPackage], in: dialog),
            method != .refer || referrals.count < Limit.referrals,
            let request = dialogs[dialog]?.dialog.request(method, headers: headers, body: body)
        else { return [.requestFailed(id, .refused)] }
        return transmit(request, for: .callRequest(id, call), at: now)
    }

    /// An INFO of a package the other side has not said it takes is not sent (RFC 6086 §4.2.1).
    private func maySend(infoPackage: String?, in id: Dialog.ID) -> Bool {
        guard let infoPackage else { return true }
        return dialogs[id]?.infoPackages.contains(infoPackage.mediaType) == true
    }

    /// A re-INVITE needs a confirmed call and no other INVITE under way; an offer, that none waits for its answer.
    func maySend(_ modification: Modification) -> Bool {
        guard let session = dialogs[modification.dialog], session.retry == nil, let call = session.call,
            calls[call]?.isCancelled == false
        else { return false }
        if modification.method == .update, modification.body.isEmpty { return true }
        guard session.negotiation == .agreed, !isModifying(modification.dialog) else { return false }
        guard modification.method == .invite else { return true }
        guard case .confirmed = calls[call]?.state else { return false }
        return !hasPendingInvite(modification.dialog)
    }

    mutating func send(_ modification: Modification, at now: Instant) -> [Output] {
        guard let session = dialogs[modification.dialog] else { return [] }
        var headers = modification.headers
        askForTimer(in: &headers, of: session)
        guard
            let request = dialogs[modification.dialog]?.dialog.request(
                modification.method, headers: headers, body: modification.body)
        else { return [] }
        if request.hasSession { dialogs[modification.dialog]?.negotiation.describe(by: .local) }
        return request.method == .invite
            ? transmit(request, for: InviteClient.Purpose.modification(modification), at: now)
            : transmit(request, for: Client.Purpose.modification(modification), at: now)
    }

    /// The final response to a modification; one that met the other side's is tried again (RFC 3261 §14.1).
    mutating func conclude(
        _ modification: Modification, _ request: Request, with response: Response, at now: Instant
    ) -> [Output] {
        guard let session = dialogs[modification.dialog] else { return modification.outcome(response) }
        dialogs[modification.dialog]?.settleLocalOffer()
        dialogs[modification.dialog]?.learn(from: response.headers)
        if let longer = lengthened(request, by: response, raises: modification.raises) {
            return send(modification.raised(longer), at: now)
        }
        if response.status == 491, modification.refusals < Limit.retries {
            postpone(modification, response, at: now)
            return []
        }
        if response.isSuccess {
            dialogs[modification.dialog]?.dialog.refreshTarget(from: response.headers)
            startTimer(of: modification.dialog, by: response, as: .uac, at: now)
        } else if modification.id == nil {
            refreshRefused(modification.dialog, by: response, at: now)
        }
        return modification.outcome(response) + (session.call.map { forget($0, unknownIn: response, at: now) } ?? [])
    }

    mutating func fail(_ modification: Modification, _ failure: Failure, at now: Instant) -> [Output] {
        dialogs[modification.dialog]?.settleLocalOffer()
        let outputs: [Output] = modification.id.map { [.requestFailed($0, failure)] } ?? []
        if modification.id == nil { refreshRefused(modification.dialog, by: nil, at: now) }
        guard failure == .timedOut, let call = dialogs[modification.dialog]?.call else { return outputs }
        return outputs + forgetSilent(call, at: now)
    }

    /// Whoever made the Call-ID waits 2.1 to 4 s, the other one up to 2 s, in steps of 10 ms (RFC 3261 §14.1).
    private mutating func postpone(_ modification: Modification, _ refusal: Response, at now: Instant) {
        guard let session = dialogs[modification.dialog] else { return }
        let steps = Int.random(in: session.ownsCallID ? 210...400 : 0...200, using: &randomness)
        var again = modification
        again.refusals += 1
        dialogs[modification.dialog]?.retry = Retry(
            modification: again, refusal: refusal, due: now + .milliseconds(steps * 10))
    }

    mutating func tryAgain(_ id: Dialog.ID, at now: Instant) -> [Output] {
        guard let retry = dialogs[id]?.retry, retry.due <= now else { return [] }
        dialogs[id]?.retry = nil
        guard !retry.isStale, maySend(retry.modification) else {
            if retry.modification.id == nil { refreshRefused(id, by: nil, at: now) }
            return retry.modification.outcome(retry.refusal)
        }
        return send(retry.modification, at: now)
    }

    /// Whether a re-INVITE or UPDATE of ours waits for its final response.
    func isModifying(_ id: Dialog.ID) -> Bool {
        inviteClients.values.contains { client in
            guard case .modification(let modification) = client.purpose else { return false }
            return modification.dialog == id && client.transaction.isPending
        }
            || clients.values.contains { client in
                guard case .modification(let modification) = client.purpose else { return false }
                return modification.dialog == id
            }
    }

    /// Whether an INVITE of the other side waits for our final response.
    func hasPendingInvite(_ id: Dialog.ID) -> Bool {
        inviteServers.values.contains { $0.dialog == id && $0.transaction.isPending }
    }
}

extension Modification {
    /// The same once more, with the interval of the longer request (RFC 4028 §7.4).
    fileprivate func raised(_ longer: Request) -> Modification {
        var fields = headers
        fields[.sessionExpires] = longer.headers[.sessionExpires]
        fields[.minSE] = longer.headers[.minSE]
        return Modification(
            id: id, dialog: dialog, method: method, headers: fields, body: body, refusals: refusals, raises: raises + 1)
    }
}

extension Session {
    /// An offer of ours that was refused leaves the session as it was (RFC 3261 §14.1).
    fileprivate mutating func settleLocalOffer() {
        if negotiation == .offered(by: .local) { negotiation.settle() }
    }
}

extension Method {
    /// What the agent sends by itself, and what does not belong in a dialog.
    fileprivate static let reserved: Set<Method> = [.ack, .bye, .cancel, .prack, .register]
}
