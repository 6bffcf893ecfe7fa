import Wire

// The client side of INVITE (RFC 3261 §13.2).
extension UserAgent {
    mutating func invite(
        _ call: CallHandle, target: URI, headers: Headers, body: [UInt8], at now: Instant
    ) -> [Output] {
        guard calls[call] == nil, calls.count < Limit.calls, case .outgoing = call else {
            return [.callEnded(call, .refused)]
        }
        var request = Request(
            .invite, target: target, from: configuration.addressOfRecord.tagged(newTag()), to: NameAddress(target),
            callID: randomness.token(length: 24), sequence: 1, headers: headers, body: body)
        askForTimer(in: &request.headers)
        return transmit(request, for: .call(call), at: now)
    }

    mutating func transmit(
        _ request: Request, for purpose: InviteClient.Purpose, attempt: Int = 0, raises: Int = 0, at now: Instant
    ) -> [Output] {
        guard isConnected else { return fail(purpose, .transport, at: now) }
        guard !isFull else { return fail(purpose, .refused, at: now) }
        let prepared = prepare(request)
        let key = ClientKey(prepared)
        inviteClients[key] = InviteClient(
            transaction: InviteClientTransaction(prepared), purpose: purpose, attempt: attempt, raises: raises,
            expiration: now + (prepared.headers.invitationTime ?? configuration.longestRinging))
        if case .call(let call) = purpose {
            calls[call] = Call(state: .calling(key, early: [], cancellation: nil))
        }
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
            case .fail(let failure): fail(client.purpose, failure == .timedOut ? .timedOut : .transport, at: now)
            }
        }
    }

    private mutating func progress(
        _ response: Response, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        switch client.purpose {
        case .modification(let modification):
            return take(provisional: response, in: modification.dialog, key, at: now)
        case .call(let call):
            guard let state = calls[call] else { return [] }
            if state.isCancelled { return client.cancelled == nil ? cancel(call, key, at: now) : [] }
            guard response.status != 100 else { return [] }
            let dialog = noteEarlyDialog(of: call, response, to: client.transaction.request)
            return dialog.map { take(provisional: response, in: $0, key, at: now) } ?? [.callProgress(call, response)]
        }
    }

    /// A provisional response with a tag makes an early dialog, or is heard from one (RFC 3261 §12.1).
    private mutating func noteEarlyDialog(
        of call: CallHandle, _ response: Response, to invite: Request
    ) -> Dialog.ID? {
        guard case .calling(let key, var early, let cancellation) = calls[call]?.state, response.to.tag != nil,
            let dialog = try? Dialog(request: invite, response: response)
        else { return nil }
        if dialogs[dialog.id] != nil {
            early.removeAll { $0 == dialog.id }
        } else {
            guard early.count < Limit.forks else { return nil }
            dialogs[dialog.id] = Session(dialog, of: call, Negotiation(invite, by: .local))
        }
        calls[call]?.state = .calling(key, early: early + [dialog.id], cancellation: cancellation)
        return dialog.id
    }

    /// Acknowledges a 2xx, a retransmitted one once more, and takes the call (RFC 3261 §13.2.2.4).
    private mutating func accept(
        _ response: Response, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        let tag = response.to.tag ?? ""
        if let ack = client.acknowledgements[tag] { return [.transmit(ack.bytes)] }
        guard client.acknowledgements.count < Limit.forks, !isOffered(key, tag: tag) else { return [] }
        authenticator.learn(fromSuccess: response, to: client.transaction.request)
        switch client.purpose {
        case .call(let call):
            return take(response, for: call, of: client, key, at: now)
        case .modification(let modification):
            dialogs[modification.dialog]?.dialog.refreshTarget(from: response.headers)
            guard let session = dialogs[modification.dialog] else { return [] }
            if client.isOffered(by: response, in: session) {
                startTimer(of: modification.dialog, by: response, as: .uac, at: now)
                return offer(by: response, .ack(key, modification), in: modification.dialog)
            }
            let ack = session.dialog.acknowledgement(of: response.cSeq.number)
            return acknowledge(ack, key, tag: tag)
                + conclude(modification, client.transaction.request, with: response, at: now)
        }
    }

    private mutating func take(
        _ response: Response, for call: CallHandle, of client: InviteClient, _ key: ClientKey, at now: Instant
    ) -> [Output] {
        let invite = client.transaction.request
        guard let made = try? Dialog(request: invite, response: response) else { return [] }
        var session = dialogs[made.id] ?? Session(made, of: call, Negotiation(invite, by: .local))
        session.dialog.confirm(by: response)
        let ack = session.dialog.acknowledgement(of: response.cSeq.number)
        guard case .calling(key, let early, nil) = calls[call]?.state else {
            let bye = session.dialog.request(.bye)
            return acknowledge(ack, key, tag: made.id.remoteTag) + transmit(bye, for: .bye(bye), at: now)
                + endCancelled(call, key, at: now)
        }
        let dropped = early.filter { $0 != made.id }.flatMap { forgetDialog($0) }
        let isOffered = client.isOffered(by: response, in: session)
        if !isOffered { session.negotiation.settle() }
        session.learn(from: response.headers)
        dialogs[made.id] = session
        calls[call]?.state = .confirmed(made.id)
        startTimer(of: made.id, by: response, as: .uac, at: now)
        return dropped
            + (isOffered
                ? offer(by: response, .ack(key, nil), in: made.id)
                : acknowledge(ack, key, tag: made.id.remoteTag) + [.callAnswered(call, response)])
    }

    /// The 2xx that crossed our CANCEL has been acknowledged and ended.
    private mutating func endCancelled(_ call: CallHandle, _ key: ClientKey, at now: Instant) -> [Output] {
        guard case .calling(key, _, .some) = calls[call]?.state else { return [] }
        return remove(call, at: now) + [.callEnded(call, .cancelled(nil))]
    }

    /// Sends the ACK of a 2xx, with the credentials of its INVITE (RFC 3261 §13.2.2.4).
    mutating func acknowledge(_ ack: Request, _ key: ClientKey, tag: String) -> [Output] {
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
        let isWanted = if case .call(let call) = client.purpose { calls[call]?.isCancelled == false } else { true }
        if isWanted, authenticator.learn(from: response, to: request, attempt: client.attempt) {
            return again(client, request, attempt: client.attempt + 1, at: now)
        }
        if isWanted, case .call = client.purpose, let longer = lengthened(request, by: response, raises: client.raises)
        {
            return again(client, longer, raises: client.raises + 1, at: now)
        }
        switch client.purpose {
        case .call(let call):
            return isWanted ? fail(call, .rejected(response), at: now) : fail(call, .cancelled(nil), at: now)
        case .modification(let modification):
            return conclude(modification, request, with: response, at: now)
        }
    }

    /// Sends the INVITE again, with the next number, after a refusal that says how it would be taken.
    private mutating func again(
        _ client: InviteClient, _ request: Request, attempt: Int? = nil, raises: Int? = nil, at now: Instant
    ) -> [Output] {
        var request = request
        var outputs: [Output] = []
        switch client.purpose {
        case .call(let call):
            request.cSeq.number &+= 1
            outputs = forgetDialogs(of: call)
        case .modification(let modification):
            guard let sequence = dialogs[modification.dialog]?.dialog.nextSequence() else { return [] }
            request.cSeq.number = sequence
        }
        return outputs
            + transmit(
                request, for: client.purpose, attempt: attempt ?? client.attempt, raises: raises ?? client.raises,
                at: now)
    }

    private mutating func fail(_ purpose: InviteClient.Purpose, _ failure: Failure, at now: Instant) -> [Output] {
        switch purpose {
        case .modification(let modification):
            return fail(modification, failure, at: now)
        case .call(let call) where calls[call]?.isCancelled == true:
            return fail(call, .cancelled(nil), at: now)
        case .call(let call):
            let end: CallEnd =
                switch failure {
                case .timedOut: .timedOut
                case .transport: .transport
                case .refused: .refused
                }
            return fail(call, end, at: now)
        }
    }

    private mutating func fail(_ call: CallHandle, _ end: CallEnd, at now: Instant) -> [Output] {
        remove(call, at: now) + [.callEnded(call, end)]
    }
}
