import Wire

// The client side of INVITE (RFC 3261 §13.2) and the end of calls.
extension UserAgent {
    mutating func invite(
        _ call: CallHandle, target: URI, headers: Headers, body: [UInt8], at now: Instant
    ) -> [Output] {
        guard calls[call] == nil, calls.count < Limit.calls, case .outgoing = call else {
            return [.callEnded(call, .refused)]
        }
        let request = Request(
            .invite, target: target, from: configuration.addressOfRecord.tagged(newTag()), to: NameAddress(target),
            callID: randomness.token(length: 24), sequence: 1, headers: headers, body: body)
        return transmit(request, for: .call(call), at: now)
    }

    mutating func transmit(
        _ request: Request, for purpose: InviteClient.Purpose, attempt: Int = 0, at now: Instant
    ) -> [Output] {
        guard isConnected else { return fail(purpose, .transport) }
        guard !isFull else { return fail(purpose, .refused) }
        let prepared = prepare(request)
        let key = ClientKey(prepared)
        inviteClients[key] = InviteClient(
            transaction: InviteClientTransaction(prepared), purpose: purpose, attempt: attempt)
        if case .call(let call) = purpose { calls[call] = Call(state: .calling(key, isCancelled: false)) }
        return advance(key, .start, at: now)
    }

    /// Hands an input to an INVITE's transaction and carries out what it says.
    mutating func advance(_ key: ClientKey, _ input: InviteClientTransaction.Input, at now: Instant) -> [Output] {
        guard var client = inviteClients[key] else { return [] }
        let outputs = client.transaction.handle(input, at: now)
        inviteClients[key] = client.transaction.isTerminated ? nil : client
        return outputs.flatMap { output -> [Output] in
            switch output {
            case .send(let request): [.transmit(request.bytes)]
            case .deliver(let response) where response.isProvisional: progress(response, of: client, key, at: now)
            case .deliver(let response) where response.isSuccess: accept(response, of: client, key, at: now)
            case .deliver(let response): conclude(client, with: response, at: now)
            case .fail(let failure): fail(client.purpose, failure == .timedOut ? .timedOut : .transport)
            }
        }
    }

    private mutating func progress(
        _ response: Response, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        guard case .call(let call) = client.purpose, case .calling(_, let isCancelled) = calls[call]?.state else {
            return []
        }
        if isCancelled { return client.cancelled == nil ? cancel(key, at: now) : [] }
        return response.status == 100 ? [] : [.callProgress(call, response)]
    }

    /// Acknowledges a 2xx, a retransmitted one once more, and takes the call (RFC 3261 §13.2.2.4).
    private mutating func accept(
        _ response: Response, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        let tag = response.to.tag ?? ""
        if let ack = client.acknowledgements[tag] { return [.transmit(ack.bytes)] }
        guard client.acknowledgements.count < Limit.forks else { return [] }
        authenticator.learn(fromSuccess: response, to: client.transaction.request)
        switch client.purpose {
        case .update(let id, let call):
            guard
                let ack = calls[call]?.withDialog({ dialog in
                    dialog.refreshTarget(from: response.headers)
                    return dialog.acknowledgement(of: response.cSeq.number)
                })
            else { return [] }
            return acknowledge(ack, key, tag: tag) + [.response(id, response)]
        case .call(let call):
            return take(response, for: call, of: client, key, at: now)
        }
    }

    private mutating func take(
        _ response: Response, for call: CallHandle, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        let dialog: Dialog
        do {
            dialog = try Dialog(request: client.transaction.request, response: response)
        } catch {
            return [.diagnostic(.malformed(error))]
        }
        let outputs = acknowledge(dialog.acknowledgement(of: response.cSeq.number), key, tag: response.to.tag ?? "")
        guard case .calling(key, let isCancelled) = calls[call]?.state else {
            return outputs + bye(dialog, headers: [:], at: now)
        }
        guard !isCancelled else {
            calls[call] = nil
            return outputs + bye(dialog, headers: [:], at: now) + [.callEnded(call, .cancelled)]
        }
        calls[call]?.state = .confirmed(dialog)
        dialogs[dialog.id] = call
        return outputs + [.callAnswered(call, response)]
    }

    /// Sends the ACK of a 2xx, with the credentials of its INVITE (RFC 3261 §13.2.2.4).
    private mutating func acknowledge(_ ack: Request, _ key: ClientKey, tag: String) -> [Output] {
        var prepared = prepare(ack)
        let invite = inviteClients[key]?.transaction.request.headers.fields ?? []
        for field in invite where [.authorization, .proxyAuthorization].contains(field.name) {
            prepared.headers.append(field.name, field.value)
        }
        inviteClients[key]?.acknowledgements[tag] = prepared
        return [.transmit(prepared.bytes)]
    }

    private mutating func conclude(_ client: InviteClient, with response: Response, at now: Instant) -> [Output] {
        let request = client.transaction.request
        let mayRetry = client.cancelled == nil && !isCancelled(client.purpose)
        if mayRetry, authenticator.learn(from: response, to: request, attempt: client.attempt) {
            var again = request
            again.cSeq.number = nextSequence(after: request, for: client.purpose)
            return transmit(again, for: client.purpose, attempt: client.attempt + 1, at: now)
        }
        switch client.purpose {
        case .call(let call):
            let end = isCancelled(client.purpose) ? CallEnd.cancelled : .rejected(response)
            calls[call] = nil
            return [.callEnded(call, end)]
        case .update(let id, let call):
            return [.response(id, response)] + forget(call, unknownIn: response, at: now)
        }
    }

    private mutating func nextSequence(after request: Request, for purpose: InviteClient.Purpose) -> UInt32 {
        guard case .update(_, let call) = purpose else { return request.cSeq.number &+ 1 }
        return calls[call]?.withDialog { $0.nextSequence() } ?? request.cSeq.number &+ 1
    }

    private func isCancelled(_ purpose: InviteClient.Purpose) -> Bool {
        guard case .call(let call) = purpose, case .calling(_, let isCancelled) = calls[call]?.state else {
            return false
        }
        return isCancelled
    }

    private mutating func fail(_ purpose: InviteClient.Purpose, _ failure: Failure) -> [Output] {
        switch purpose {
        case .update(let id, _):
            return [.requestFailed(id, failure)]
        case .call(let call):
            let end: CallEnd =
                switch failure {
                case _ where isCancelled(purpose): .cancelled
                case .timedOut: .timedOut
                case .transport: .transport
                case .refused: .refused
                }
            calls[call] = nil
            return [.callEnded(call, end)]
        }
    }

    /// Whether a re-INVITE may be sent: the call is confirmed and no other is under way (RFC 3261 §14.1).
    func mayUpdate(_ call: CallHandle) -> Bool {
        guard case .confirmed = calls[call]?.state else { return false }
        return !isUpdating(call) && !inviteServers.values.contains { $0.call == call && $0.transaction.isPending }
    }

    /// Whether a re-INVITE of ours waits for its final response.
    func isUpdating(_ call: CallHandle) -> Bool {
        inviteClients.values.contains { client in
            guard case .update(_, call) = client.purpose else { return false }
            return client.transaction.isPending
        }
    }
}

// The end of a call.
extension UserAgent {
    mutating func hangUp(_ call: CallHandle, headers: Headers, at now: Instant) -> [Output] {
        switch calls[call]?.state {
        case .calling(let key, false):
            calls[call]?.state = .calling(key, isCancelled: true)
            return inviteClients[key]?.transaction.isProceeding == true ? cancel(key, at: now) : []
        case .ringing:
            return respond(to: call, Answer(status: 480), at: now)
        case .answered(let key, let dialog, nil):
            calls[call]?.state = .answered(key, dialog, hangUp: headers)
            return []
        case .confirmed(let dialog):
            return remove(call, at: now) + bye(dialog, headers: headers, at: now) + [.callEnded(call, .hungUp)]
        case .calling, .answered, nil:
            return []
        }
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 §9.1).
    private mutating func cancel(_ key: ClientKey, at now: Instant) -> [Output] {
        guard let invite = inviteClients[key]?.transaction.request else { return [] }
        inviteClients[key]?.cancelled = now + .transactionTimeout
        var cancel = invite
        cancel.method = .cancel
        cancel.cSeq.method = .cancel
        cancel.maxForwards = 70
        cancel.headers = Headers(invite.headers.fields.filter { $0.name == .route })
        cancel.body = []
        return transmit(cancel, for: .farewell, at: now)
    }

    mutating func bye(_ dialog: Dialog, headers: Headers, at now: Instant) -> [Output] {
        var dialog = dialog
        return transmit(dialog.request(.bye, headers: headers), for: .farewell, at: now)
    }

    /// Ends a call whose far side says that it does not exist (RFC 3261 §12.2.1.2).
    mutating func forget(_ call: CallHandle, unknownIn response: Response, at now: Instant) -> [Output] {
        guard response.status == 481, let dialog = calls[call]?.dialog else { return [] }
        let outputs = remove(call, at: now) + bye(dialog, headers: [:], at: now)
        return outputs + [.callEnded(call, .rejected(response))]
    }

    /// Forgets a call: what of its INVITEs is not answered is ended by 487, a 2xx waits for its ACK no longer.
    mutating func remove(_ call: CallHandle, at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for (key, server) in inviteServers where server.call == call {
            if server.transaction.isPending { outputs += terminate(key, at: now) }
            inviteServers[key]?.retransmission?.acknowledged()
            if inviteServers[key]?.isTerminated == true { inviteServers[key] = nil }
        }
        if let id = calls[call]?.dialog?.id { dialogs[id] = nil }
        calls[call] = nil
        return outputs
    }

    mutating func terminate(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], let dialog = calls[server.call]?.dialog else { return [] }
        let response = compose(Answer(status: 487), to: server.transaction.request, tag: dialog.id.localTag)
        return advance(key, .respond(response), at: now)
    }
}
