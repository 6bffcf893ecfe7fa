import Wire

// Reliable provisional responses, received (RFC 3262 §4).
extension UserAgent {
    /// A provisional response in its dialog. A reliable one is acknowledged by PRACK; one that comes again or out of
    /// order is dropped.
    mutating func take(provisional response: Response, in id: Dialog.ID, _ key: ClientKey, at now: Instant) -> [Output]
    {
        guard let client = inviteClients[key], let session = dialogs[id] else { return [] }
        var progress: [Output] = []
        if case .call(let call) = client.purpose { progress = [.callProgress(call, response)] }
        guard let number = response.reliableNumber else { return progress }
        // It comes again until there is room for its PRACK.
        guard !isFull else { return [] }
        if let last = client.numbers[id.remoteTag] {
            guard number == last &+ 1 else { return [] }
        } else {
            guard client.numbers.count < Limit.forks else { return [] }
        }
        inviteClients[key]?.numbers[id.remoteTag] = number
        let rAck = RAck(number, response.cSeq)
        if client.isOffered(by: response, in: session) {
            return offer(by: response, .prack(rAck), in: id)
        }
        if response.hasSession { dialogs[id]?.negotiation.settle() }
        return acknowledge(rAck, in: id, at: now) + progress
    }

    mutating func acknowledge(
        _ rAck: RAck, in id: Dialog.ID, headers: Headers = [:], body: [UInt8] = [], at now: Instant
    ) -> [Output] {
        var fields: Headers = [.rAck: rAck.description]
        fields.append(headers)
        guard let prack = dialogs[id]?.dialog.request(.prack, headers: fields, body: body) else { return [] }
        return transmit(prack, for: .prack, at: now)
    }
}

// Reliable provisional responses, sent (RFC 3262 §3).
extension UserAgent {
    /// What the caller requires, and a session description wherever the caller knows how to acknowledge it.
    func isReliable(_ answer: Answer, to invite: Request) -> Bool {
        guard 101..<200 ~= answer.status, configuration.supported.contains("100rel") else { return false }
        return invite.headers.requires("100rel")
            || answer.hasSession && invite.headers.supports("100rel")
    }

    mutating func sendReliably(_ response: Response, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], let session = dialogs[server.dialog] else { return [] }
        let number = server.number.map { $0 &+ 1 } ?? UInt32.random(in: 1..<1 << 31, using: &randomness)
        var numbered = response
        numbered.headers.append(.require, "100rel")
        numbered.headers.append(.rSeq, String(number))
        if response.hasSession, session.negotiation != .agreed {
            dialogs[server.dialog]?.negotiation.describe(by: .local)
        }
        inviteServers[key]?.number = number
        inviteServers[key]?.isAcknowledged = false
        inviteServers[key]?.provisional = ResponseRetransmission(numbered, at: now)
        return advance(key, .respond(numbered), at: now)
    }

    /// A PRACK. It is answered itself, unless it makes an offer for the owner to answer.
    mutating func acknowledge(prack: Request, in id: Dialog.ID, _ key: ServerKey, at now: Instant) -> [Output] {
        guard let rAck = prack.headers[.rAck].flatMap({ try? RAck(parsing: $0) }),
            let invite = inviteServers.first(where: { $0.value.dialog == id && $0.value.isUnacknowledged(rAck) })?.key,
            let call = dialogs[id]?.call
        else { return answer(prack, Answer(status: 481)) }
        inviteServers[invite]?.provisional?.acknowledged()
        inviteServers[invite]?.isAcknowledged = true
        let isOffer = prack.hasSession && dialogs[id]?.negotiation == .agreed
        var outputs: [Output]
        if isOffer {
            dialogs[id]?.negotiation.describe(by: .remote)
            outputs = accept(prack, key, in: id, at: now)
        } else {
            dialogs[id]?.negotiation.settle()
            let ok = compose(Answer(status: 200), to: prack, tag: id.localTag)
            outputs = [.transmit(ok.bytes), .callProgressConfirmed(call, prack)]
        }
        return outputs + release(invite, at: now)
    }

    /// Sends what was withheld until the PRACK came, up to the next response that needs one.
    private mutating func release(_ key: ServerKey, at now: Instant) -> [Output] {
        let withheld = inviteServers[key]?.withheld ?? []
        inviteServers[key]?.withheld = []
        return withheld.flatMap { respond(to: key, $0, at: now) }
    }

    /// Sends an unacknowledged provisional response again; without a PRACK the INVITE is refused with 504.
    mutating func retransmitProvisional(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key], var retransmission = server.provisional else { return [] }
        let outputs = retransmission.deadlineReached(at: now)
        inviteServers[key]?.provisional = retransmission
        return outputs.flatMap { output -> [Output] in
            switch output {
            case .send(let response): isConnected ? [.transmit(response.bytes)] : []
            case .fail: refuseUnacknowledged(key, at: now)
            }
        }
    }

    private mutating func refuseUnacknowledged(_ key: ServerKey, at now: Instant) -> [Output] {
        guard let server = inviteServers[key] else { return [] }
        let refusal = compose(Answer(status: 504), to: server.transaction.request, tag: server.dialog.localTag)
        settle(server.dialog, server.transaction.request, with: refusal, at: now)
        let outputs = advance(key, .respond(refusal), at: now)
        guard server.token == nil else { return outputs }
        return outputs + remove(server.call, at: now) + [.callEnded(server.call, .timedOut)]
    }
}

extension InviteServer {
    fileprivate func isUnacknowledged(_ rAck: RAck) -> Bool {
        !isAcknowledged && rAck.number == number && rAck.sequence == transaction.request.cSeq
    }
}
