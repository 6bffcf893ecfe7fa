import Wire

// The server side of the INVITE that makes a call (RFC 3261 §13.3).
extension UserAgent {
    mutating func ring(_ request: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        guard !isFull, calls.count < Limit.calls else { return answer(request, Answer(status: 503)) }
        var replaced: CallHandle?
        switch replacement(by: request) {
        case .none: break
        case .of(let call): replaced = call
        case .refused(let status): return answer(request, Answer(status: status))
        }
        let sequence = UInt32.random(in: 1..<1 << 16, using: &randomness)
        let dialog: Dialog
        do {
            dialog = try Dialog(answering: request, localTag: newTag(), sequence: sequence)
        } catch {
            return answer(request, Answer(status: error.status))
        }
        lastCall &+= 1
        let call = CallHandle.incoming(lastCall)
        calls[call] = Call(state: .ringing(key, dialog.id))
        var session = Session(dialog, of: call, Negotiation(request, by: .remote))
        session.learn(from: request.headers)
        dialogs[dialog.id] = session
        inviteServers[key] = InviteServer(
            transaction: InviteServerTransaction(request), call: call, dialog: dialog.id, replaced: replaced,
            expiration: request.headers.invitationTime.map { now + $0 })
        return advance(key, .start, at: now)
    }

    /// Hands an input to the transaction of an INVITE and carries out what it says.
    mutating func advance(_ key: ServerKey, _ input: InviteServerTransaction.Input, at now: Instant) -> [Output] {
        guard var server = inviteServers[key] else { return [] }
        let outputs = server.transaction.handle(input, at: now)
        inviteServers[key] = server.isTerminated ? nil : server
        if let token = server.token, !server.transaction.isPending { tokens[token] = nil }
        return outputs.flatMap { output -> [Output] in
            switch output {
            case .deliver(let request):
                return [present(request, of: server)]
            case .send(let response):
                return [.transmit(response.bytes)]
            case .fail:
                abandon(server.transaction.request, in: server.dialog)
                return []
            }
        }
    }

    private func present(_ request: Request, of server: InviteServer) -> Output {
        if let token = server.token { return .callUpdate(server.call, token, request) }
        if let replaced = server.replaced { return .incomingReplacement(server.call, of: replaced, request) }
        return .incomingCall(server.call, request)
    }

    /// The owner's answer to an incoming call.
    mutating func respond(to call: CallHandle, _ answer: Answer, at now: Instant) -> [Output] {
        guard case .ringing(let key, _) = calls[call]?.state else { return [.diagnostic(.answerTooLate)] }
        return respond(to: key, answer, at: now)
    }

    /// The owner's answer to an INVITE that makes a call or changes one.
    mutating func respond(to key: ServerKey, _ answer: Answer, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], server.transaction.isPending, !server.isDecided else {
            return [.diagnostic(.answerTooLate)]
        }
        let invite = server.transaction.request
        let isReliable = isReliable(answer, to: invite)
        if server.withholds(answer, isReliable: isReliable) {
            inviteServers[key]?.withheld.append(answer)
            return []
        }
        let response = compose(answer, to: invite, tag: server.dialog.localTag)
        if 101..<200 ~= answer.status { inviteServers[key]?.repeatLater(answer, isReliable: isReliable, at: now) }
        if isReliable { return sendReliably(response, key, at: now) }
        if response.isProvisional { return advance(key, .respond(response), at: now) }
        inviteServers[key]?.provisional?.acknowledged()
        return response.isSuccess ? accept(response, key, at: now) : refuse(with: response, key, at: now)
    }

    /// Sends a 2xx, and again until it is acknowledged; to an INVITE without an offer it makes one.
    private mutating func accept(_ response: Response, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], let session = dialogs[server.dialog] else { return [] }
        let invite = server.transaction.request
        let isFirst = server.token == nil
        if isFirst { calls[server.call]?.state = .answered(key, server.dialog, hangUp: nil) }
        settle(server.dialog, invite, with: response, at: now)
        let mayOffer = !invite.hasSession && (!isFirst || session.negotiation == .initial)
        dialogs[server.dialog]?.negotiation = mayOffer && response.hasSession ? .offered(by: .local) : .agreed
        inviteServers[key]?.retransmission = ResponseRetransmission(response, at: now)
        return advance(key, .respond(response), at: now)
            + (server.replaced.map { replace($0, by: server.call, at: now) } ?? [])
    }

    /// The call whose place another one has taken is ended, or given up if it was never answered (RFC 3891 §3).
    private mutating func replace(_ call: CallHandle, by successor: CallHandle, at now: Instant) -> [Output] {
        calls[call]?.isAnswered == true
            ? end(call, .replaced(by: successor), at: now) : hangUp(call, headers: [:], at: now)
    }

    private mutating func refuse(with response: Response, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key] else { return [] }
        settle(server.dialog, server.transaction.request, with: response, at: now)
        let outputs = advance(key, .respond(response), at: now)
        return server.token == nil
            ? outputs + remove(server.call, at: now) + [.callEnded(server.call, .hungUp)] : outputs
    }

    /// The ACK of a refusal belongs to the transaction, that of a 2xx to the dialog (RFC 3261 §17.2.3, §13.3.1.4).
    mutating func acknowledge(_ ack: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        if inviteServers[key]?.retransmission == nil, inviteServers[key] != nil {
            return advance(key, .ack, at: now)
        }
        let id = Dialog.ID(
            callID: ack.callID, localTag: ack.to.tag ?? "", remoteTag: ack.from.tag ?? "")
        guard let call = dialogs[id]?.call,
            let key = inviteServers.first(where: { _, server in
                server.dialog == id && server.transaction.request.cSeq.number == ack.cSeq.number
                    && server.retransmission?.isWaiting == true
            })?.key
        else { return [] }
        inviteServers[key]?.retransmission?.acknowledged()
        dialogs[id]?.negotiation.settle()
        guard case .answered(key, _, let headers) = calls[call]?.state else {
            return [.callConfirmed(call, ack)]
        }
        calls[call]?.state = .confirmed(id)
        return [.callConfirmed(call, ack)] + (headers.map { hangUp(call, headers: $0, at: now) } ?? [])
    }

    /// A CANCEL is answered itself, and ends an INVITE that is not answered yet (RFC 3261 §9.2).
    mutating func cancel(_ cancel: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key] else { return answer(cancel, Answer(status: 481)) }
        let ok = compose(Answer(status: 200), to: cancel, tag: server.dialog.localTag)
        guard server.transaction.isPending else { return [.transmit(ok.bytes)] }
        return [.transmit(ok.bytes)] + withdraw(key, cancel, at: now)
    }

    /// Ends an INVITE that is not answered yet by 487; with it goes the call it would have made.
    private mutating func withdraw(_ key: ServerKey, _ cancel: Request?, at now: Instant) -> [Output] {
        guard let server = inviteServers[key] else { return [] }
        guard server.token == nil else { return terminate(key, at: now) }
        return remove(server.call, at: now) + [.callEnded(server.call, .cancelled(cancel))]
    }

    /// A BYE is answered itself, and every INVITE of the call that is not answered yet (RFC 3261 §15.1.2).
    mutating func end(_ id: Dialog.ID, with bye: Request, at now: Instant) -> [Output] {
        let ok = compose(Answer(status: 200), to: bye, tag: id.localTag)
        guard let call = dialogs[id]?.call else { return [.transmit(ok.bytes)] }
        if case .calling(let key, let early, let cancellation) = calls[call]?.state {
            // A fork of our INVITE gave up by itself; whether the call comes about is for the final response to say.
            calls[call]?.state = .calling(key, early: early.filter { $0 != id }, cancellation: cancellation)
            return [.transmit(ok.bytes)] + forgetDialog(id)
        }
        return [.transmit(ok.bytes)] + remove(call, at: now) + [.callEnded(call, .bye(bye))]
    }
}

// A call that rings for long.
extension UserAgent {
    /// An invitation whose Expires is over is refused (RFC 3261 §13.3.1).
    mutating func expireInvitation(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], server.mayExpire, let expiration = server.expiration, now >= expiration
        else { return [] }
        return withdraw(key, nil, at: now)
    }

    /// A proxy gives up an INVITE it has heard nothing of for three minutes (RFC 3261 §13.3.1.1, RFC 3262 §3).
    mutating func repeatProvisional(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], server.transaction.isPending, let repetition = server.repetition,
            now >= repetition.at
        else { return [] }
        inviteServers[key]?.repetition = nil
        return respond(to: key, repetition.answer, at: now)
    }
}

extension Headers {
    /// How long an INVITE is good for (RFC 3261 §20.19).
    var invitationTime: Duration? { self[.expires].flatMap { UInt32(digits: $0) }.map { .seconds(Int64($0)) } }
}

extension InviteServer {
    /// A session description that is acknowledged is not said again.
    fileprivate mutating func repeatLater(_ answer: Answer, isReliable: Bool, at now: Instant) {
        var answer = answer
        if isReliable { (answer.headers[.contentType], answer.body) = (nil, []) }
        repetition = (answer, now + .seconds(isReliable ? 150 : 60))
    }
}
