import Wire

// What time and the loss of the connection do.
extension UserAgent {
    mutating func reachDeadlines(at now: Instant) -> [Output] {
        var outputs = drive(.deadlineReached, at: now)
        for (key, client) in clients where client.transaction.deadline.isReached(at: now) {
            outputs += advance(client: key, .deadlineReached, at: now)
        }
        for (key, client) in inviteClients where client.deadline.isReached(at: now) {
            outputs += reachDeadline(of: client, key, at: now)
        }
        for (key, server) in servers where server.transaction.deadline.isReached(at: now) {
            outputs += advance(server: key, .deadlineReached, at: now)
        }
        for (key, server) in inviteServers where server.deadline.isReached(at: now) {
            outputs += advance(key, .deadlineReached, at: now)
            outputs += expireInvitation(key, at: now)
            outputs += retransmitProvisional(key, at: now) + repeatProvisional(key, at: now) + retransmit(key, at: now)
        }
        for (key, referral) in referrals where now >= referral.expiration { outputs += expireReferral(key, at: now) }
        for (id, session) in dialogs where session.deadline(isConnected: isConnected).isReached(at: now) {
            outputs += tryAgain(id, at: now) + reachTimer(of: id, at: now)
        }
        return outputs
    }

    /// An INVITE that has rung for too long is cancelled (RFC 3261 §13.2.1). A cancelled one that is never answered is over 64·T1 after its CANCEL (RFC 3261 §9.1), one inside a call that long
    /// after its call.
    private mutating func reachDeadline(of client: InviteClient, _ key: ClientKey, at now: Instant) -> [Output] {
        if client.cancelled == nil, client.transaction.isProceeding, client.expiration.isReached(at: now) {
            guard case .call(let call) = client.purpose else { return cancel(key, headers: [:], at: now) }
            return hangUp(call, headers: [:], at: now)
        }
        guard client.cancelled.isReached(at: now), client.transaction.isPending else {
            inviteClients[key]?.cancelled = nil
            return advance(key, .deadlineReached, at: now)
        }
        inviteClients[key] = nil
        switch client.purpose {
        case .modification(let modification):
            return fail(modification, .timedOut, at: now)
        case .call(let call):
            guard calls[call] != nil else { return [] }
            return remove(call, at: now) + [.callEnded(call, .cancelled(nil))]
        }
    }

    /// Sends an unacknowledged 2xx again, and gives the call up when it never is (RFC 3261 §13.3.1.4).
    private mutating func retransmit(_ key: ServerKey, at now: Instant) -> [Output] {
        guard var server = inviteServers[key], var retransmission = server.retransmission else { return [] }
        let outputs = retransmission.deadlineReached(at: now)
        server.retransmission = retransmission
        inviteServers[key] = server.isTerminated ? nil : server
        return outputs.flatMap { output -> [Output] in
            switch output {
            case .send(let response): isConnected ? [.transmit(response.bytes)] : []
            case .fail: end(server.call, .timedOut, at: now)
            }
        }
    }

    /// Ends every transaction; calls that were answered live on for the next connection.
    mutating func loseTransport(at now: Instant) -> [Output] {
        isConnected = false
        var outputs = drive(.transportFailed, at: now)
        for key in clients.keys { outputs += advance(client: key, .transportFailed, at: now) }
        for key in inviteClients.keys { outputs += advance(key, .transportFailed, at: now) }
        for key in servers.keys { outputs += advance(server: key, .transportFailed, at: now) }
        for key in inviteServers.keys { outputs += advance(key, .transportFailed, at: now) }
        for (call, state) in calls.mapValues(\.state) {
            guard case .ringing = state else { continue }
            outputs += remove(call, at: now) + [.callEnded(call, .transport)]
        }
        return outputs
    }
}

extension Instant? {
    fileprivate func isReached(at now: Instant) -> Bool { map { now >= $0 } ?? false }
}
