import Wire

// The end of a call.
extension UserAgent {
    mutating func hangUp(_ call: CallHandle, headers: Headers, at now: Instant) -> [Output] {
        switch calls[call]?.state {
        case .calling(let key, let early, nil):
            calls[call]?.state = .calling(key, early: early, cancellation: headers)
            return inviteClients[key]?.transaction.isProceeding == true ? cancel(call, key, at: now) : []
        case .ringing(let key, _):
            inviteServers[key]?.withheld = []
            return respond(to: key, Answer(status: 480), at: now)
        case .answered(let key, let dialog, nil):
            calls[call]?.state = .answered(key, dialog, hangUp: headers)
            return []
        case .confirmed:
            return end(call, .hungUp, headers: headers, at: now)
        case .calling, .answered, nil:
            return []
        }
    }

    mutating func cancel(_ call: CallHandle, _ key: ClientKey, at now: Instant) -> [Output] {
        guard case .calling(_, _, let headers?) = calls[call]?.state else { return [] }
        return cancel(key, headers: headers, at: now)
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 §9.1).
    mutating func cancel(_ key: ClientKey, headers: Headers, at now: Instant) -> [Output] {
        guard let invite = inviteClients[key]?.transaction.request else { return [] }
        inviteClients[key]?.cancelled = now + .transactionTimeout
        var cancel = invite
        cancel.method = .cancel
        cancel.cSeq.method = .cancel
        cancel.maxForwards = 70
        cancel.headers = Headers(invite.headers.fields.filter { $0.name == .route })
        cancel.headers.append(headers)
        cancel.body = []
        return transmit(cancel, for: .cancel, at: now)
    }

    /// Ends an answered call by BYE.
    mutating func end(_ call: CallHandle, _ end: CallEnd, headers: Headers = [:], at now: Instant) -> [Output] {
        guard let id = calls[call]?.dialog, let bye = dialogs[id]?.dialog.request(.bye, headers: headers) else {
            return []
        }
        return remove(call, at: now) + transmit(bye, for: .bye(bye), at: now) + [.callEnded(call, end)]
    }

    /// Keeps a BYE that could not be sent for the next connection.
    mutating func owe(_ bye: Request) -> [Output] {
        if owed.count < Limit.calls { owed.append(bye) }
        return []
    }

    mutating func payOwed(at now: Instant) -> [Output] {
        defer { owed = [] }
        return owed.flatMap { transmit($0, for: .bye($0), at: now) }
    }

    /// Ends a call whose far side does not know it any more, or does not answer (RFC 3261 §12.2.1.2, RFC 5057 §5.1).
    mutating func forget(_ call: CallHandle, unknownIn response: Response, at now: Instant) -> [Output] {
        guard calls[call]?.isAnswered == true, Self.endsDialog.contains(response.status) else { return [] }
        return end(call, .rejected(response), at: now)
    }

    mutating func forgetSilent(_ call: CallHandle, at now: Instant) -> [Output] {
        calls[call]?.isAnswered == true ? end(call, .timedOut, at: now) : []
    }

    static let endsDialog: Set<Int> = [404, 408, 410, 416, 481, 482, 483, 484, 485, 502, 604]

    /// Forgets a call: what of its INVITEs is not answered is ended by 487, a 2xx waits for its ACK no longer.
    mutating func remove(_ call: CallHandle, at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for (key, server) in inviteServers where server.call == call {
            if server.transaction.isPending { outputs += terminate(key, at: now) }
            inviteServers[key]?.retransmission?.acknowledged()
            if inviteServers[key]?.isTerminated == true { inviteServers[key] = nil }
        }
        limitModifications(of: call, at: now)
        outputs += forgetDialogs(of: call)
        calls[call] = nil
        return outputs
    }

    /// A re-INVITE of ours whose call is over is waited for no longer than one that was cancelled.
    private mutating func limitModifications(of call: CallHandle, at now: Instant) {
        for (key, client) in inviteClients where client.transaction.isPending {
            guard case .modification(let modification) = client.purpose,
                dialogs[modification.dialog]?.call == call
            else { continue }
            inviteClients[key]?.cancelled = now + .transactionTimeout
        }
    }

    /// Drops the dialogs of a call; what waited in them to be tried again has failed.
    mutating func forgetDialogs(of call: CallHandle) -> [Output] {
        var outputs: [Output] = []
        for (id, session) in dialogs where session.call == call { outputs += forgetDialog(id) }
        return outputs
    }

    mutating func forgetDialog(_ id: Dialog.ID) -> [Output] {
        let outputs = abandonOffers(in: id)
        let retry = dialogs[id]?.retry
        dialogs[id]?.endCall()
        if !isSubscribed(id) { dialogs[id] = nil }
        remember(ended: id)
        return outputs + (retry.map { $0.modification.outcome($0.refusal) } ?? [])
    }

    mutating func terminate(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key] else { return [] }
        inviteServers[key]?.provisional?.acknowledged()
        let response = compose(Answer(status: 487), to: server.transaction.request, tag: server.dialog.localTag)
        settle(server.dialog, server.transaction.request, with: response, at: now)
        return advance(key, .respond(response), at: now)
    }
}
