import Wire

// The server side of INVITE (RFC 3261 §13.3, §14.2).
extension UserAgent {
    mutating func ring(_ request: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        guard !isMerged(request) else { return answer(request, Answer(status: 482)) }
        guard !isFull, calls.count < Limit.calls else { return answer(request, Answer(status: 503)) }
        let sequence = UInt32.random(in: 1..<1 << 16, using: &randomness)
        let dialog: Dialog
        do {
            dialog = try Dialog(answering: request, localTag: newTag(), sequence: sequence)
        } catch {
            return answer(request, Answer(status: error.status))
        }
        lastCall &+= 1
        let call = CallHandle.incoming(lastCall)
        calls[call] = Call(state: .ringing(key, dialog))
        dialogs[dialog.id] = call
        inviteServers[key] = InviteServer(transaction: InviteServerTransaction(request), call: call)
        return advance(key, .start, at: now)
    }

    /// Whether the same request came another way before (RFC 3261 §8.2.2.2).
    private func isMerged(_ request: Request) -> Bool {
        inviteServers.values.contains { server in
            let other = server.transaction.request
            return other.from.tag == request.from.tag && other.callID == request.callID && other.cSeq == request.cSeq
        }
    }

    /// A re-INVITE; one at a time, and none while ours is under way (RFC 3261 §14.2).
    mutating func update(
        _ call: CallHandle, with request: Request, _ key: ServerKey, at now: Instant
    ) -> [Output] {
        if isUpdating(call) { return answer(request, Answer(status: 491)) }
        if inviteServers.values.contains(where: { $0.call == call && $0.transaction.isPending }) {
            let seconds = Int.random(in: 0...10, using: &randomness)
            return answer(request, Answer(status: 500, headers: [.retryAfter: String(seconds)]))
        }
        guard !isFull else { return answer(request, Answer(status: 503)) }
        inviteServers[key] = InviteServer(
            transaction: InviteServerTransaction(request), call: call, token: newToken(for: key))
        return advance(key, .start, at: now)
    }

    /// Hands an input to the transaction of an INVITE and carries out what it says.
    mutating func advance(_ key: ServerKey, _ input: InviteServerTransaction.Input, at now: Instant) -> [Output] {
        guard var server = inviteServers[key] else { return [] }
        let outputs = server.transaction.handle(input, at: now)
        inviteServers[key] = server.isTerminated ? nil : server
        if let token = server.token, !server.transaction.isPending { tokens[token] = nil }
        return outputs.compactMap { output -> Output? in
            switch output {
            case .deliver(let request):
                server.token.map { .callUpdate(server.call, $0, request) } ?? .incomingCall(server.call, request)
            case .send(let response): .transmit(response.bytes)
            case .fail: nil
            }
        }
    }

    /// The owner's answer to an incoming call.
    mutating func respond(to call: CallHandle, _ answer: Answer, at now: Instant) -> [Output] {
        guard case .ringing(let key, let dialog) = calls[call]?.state, let server = inviteServers[key] else {
            return [.diagnostic(.answerTooLate)]
        }
        let response = compose(answer, to: server.transaction.request, tag: dialog.id.localTag)
        if response.isProvisional { return advance(key, .respond(response), at: now) }
        if response.isSuccess {
            calls[call]?.state = .answered(key, dialog, hangUp: nil)
            return accept(response, key, at: now)
        }
        return advance(key, .respond(response), at: now) + remove(call, at: now) + [.callEnded(call, .hungUp)]
    }

    /// The owner's answer to a re-INVITE.
    mutating func respond(toUpdate key: ServerKey, _ answer: Answer, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], let dialog = calls[server.call]?.dialog else {
            return [.diagnostic(.answerTooLate)]
        }
        let request = server.transaction.request
        let response = compose(answer, to: request, tag: dialog.id.localTag)
        guard response.isSuccess else { return advance(key, .respond(response), at: now) }
        _ = calls[server.call]?.withDialog { $0.refreshTarget(from: request.headers) }
        return accept(response, key, at: now)
    }

    /// Sends a 2xx, and again until it is acknowledged.
    private mutating func accept(_ response: Response, _ key: ServerKey, at now: Instant) -> [Output] {
        inviteServers[key]?.retransmission = SuccessRetransmission(response, at: now)
        return advance(key, .respond(response), at: now)
    }

    /// The ACK of a refusal belongs to the transaction, that of a 2xx to the dialog (RFC 3261 §17.2.3, §13.3.1.4).
    mutating func acknowledge(_ ack: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        if inviteServers[key]?.retransmission == nil, inviteServers[key] != nil {
            return advance(key, .ack, at: now)
        }
        let id = Dialog.ID(
            callID: ack.callID, localTag: ack.to.tag ?? "", remoteTag: ack.from.tag ?? "")
        guard let call = dialogs[id],
            let key = inviteServers.first(where: { _, server in
                server.call == call && server.transaction.request.cSeq.number == ack.cSeq.number
                    && server.retransmission?.isWaiting == true
            })?.key
        else { return [] }
        inviteServers[key]?.retransmission?.acknowledged()
        guard case .answered(key, let dialog, let headers) = calls[call]?.state else {
            return [.callConfirmed(call, ack)]
        }
        calls[call]?.state = .confirmed(dialog)
        return [.callConfirmed(call, ack)] + (headers.map { hangUp(call, headers: $0, at: now) } ?? [])
    }

    /// A CANCEL is answered itself, and ends an INVITE that is not answered yet (RFC 3261 §9.2).
    mutating func cancel(_ cancel: Request, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], let dialog = calls[server.call]?.dialog else {
            return answer(cancel, Answer(status: 481))
        }
        let ok = compose(Answer(status: 200), to: cancel, tag: dialog.id.localTag)
        guard server.transaction.isPending else { return [.transmit(ok.bytes)] }
        guard server.token == nil else { return [.transmit(ok.bytes)] + terminate(key, at: now) }
        return [.transmit(ok.bytes)] + remove(server.call, at: now) + [.callEnded(server.call, .cancelled)]
    }

    /// A BYE is answered itself, and every INVITE of the call that is not answered yet (RFC 3261 §15.1.2).
    mutating func end(_ call: CallHandle, with bye: Request, at now: Instant) -> [Output] {
        let ok = compose(Answer(status: 200), to: bye, tag: newTag())
        return [.transmit(ok.bytes)] + remove(call, at: now) + [.callEnded(call, .bye(bye))]
    }
}
