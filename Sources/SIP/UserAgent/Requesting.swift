import Wire

// The client side of everything but INVITE.
extension UserAgent {
    /// Bounds on what may be under way at once, so that a peer cannot exhaust memory.
    enum Limit {
        static let transactions = 512
        static let calls = 64
        static let forks = 8
        /// How often a modification that meets one of the other side's is sent again.
        static let retries = 4
        static let referrals = 16
        static let endedDialogs = 32
        /// The shortest session interval that is taken, in seconds (RFC 4028 §5).
        static let sessionInterval = 90
    }

    var isFull: Bool {
        clients.count + inviteClients.count + servers.count + inviteServers.count >= Limit.transactions
    }

    mutating func drive(_ input: Registration.Input, at now: Instant) -> [Output] {
        registration.handle(input, at: now, using: &randomness).flatMap { output -> [Output] in
            switch output {
            case .state(let state): [.registration(state)]
            case .send(let seconds, let target): sendRegister(seconds: seconds, to: target, at: now)
            case .ping: [.transmit(KeepAlive.ping)]
            }
        }
    }

    private mutating func sendRegister(seconds: Int, to redirection: URI?, at now: Instant) -> [Output] {
        let target = redirection ?? configuration.registrar ?? configuration.addressOfRecord.uri.domain
        registrationSequence &+= 1
        var request = Request(
            .register, target: target, from: configuration.addressOfRecord.tagged(newTag()),
            to: configuration.addressOfRecord, callID: registrationCallID, sequence: registrationSequence)
        request.headers = [
            .contact: Self.registeredContact(configuration).description, .expires: String(seconds),
        ]
        if configuration.instanceID != nil { request.headers.append(.supported, "path, gruu, outbound") }
        return transmit(request, for: .registration, at: now)
    }

    mutating func send(
        _ id: RequestID, _ method: Method, to target: URI, headers: Headers, body: [UInt8], at now: Instant
    ) -> [Output] {
        let request = Request(
            method, target: target, from: configuration.addressOfRecord.tagged(newTag()), to: NameAddress(target),
            callID: randomness.token(length: 24), sequence: 1, headers: headers, body: body)
        return transmit(request, for: .request(id), at: now)
    }

    mutating func transmit(
        _ request: Request, for purpose: Client.Purpose, attempt: Int = 0, at now: Instant
    ) -> [Output] {
        guard isConnected else { return fail(purpose, .transport, at: now) }
        guard !isFull || [.bye, .notify, .prack].contains(request.method) else {
            return fail(purpose, .refused, at: now)
        }
        let prepared = request.method == .cancel ? request : prepare(request)
        let key = ClientKey(prepared)
        if prepared.method == .refer, case .callRequest(let id, _) = purpose { expectNews(of: prepared, id, at: now) }
        clients[key] = Client(transaction: ClientTransaction(prepared), purpose: purpose, attempt: attempt)
        return advance(client: key, .start, at: now)
    }

    /// Gives a request its Via, the fields every request of ours has, and what answers the known challenges.
    mutating func prepare(_ request: Request) -> Request {
        var request = request
        request.via = [
            Via(
                transport: configuration.transport, host: configuration.viaHost,
                parameters: ["branch": "z9hG4bK" + randomness.token(length: 20)])
        ]
        followServiceRoute(&request)
        if request.method != .ack { authenticator.authorize(&request, randomness: &randomness) }
        let needsContact: Set<Method> = [.invite, .update, .subscribe, .refer]
        if needsContact.contains(request.method), request.headers[.contact] == nil {
            request.headers.append(.contact, contact.description)
        }
        if request.method == .register { request.headers[.allow] = configuration.allow }
        if [.invite, .update].contains(request.method) { declareCapabilities(in: &request.headers) }
        if let name = configuration.userAgentHeader { request.headers[.userAgent] = name }
        return request
    }

    mutating func receive(_ response: Response, at now: Instant) -> [Output] {
        let key = ClientKey(response)
        guard response.via.count == 1 else { return stray(response) }
        do {
            _ = try (response.headers.addresses(.contact), response.headers.addresses(.recordRoute))
        } catch {
            return [.diagnostic(.malformed(error))]
        }
        if clients[key] != nil { return advance(client: key, .response(response), at: now) }
        if inviteClients[key] != nil { return advance(key, .response(response), at: now) }
        return stray(response)
    }

    private func stray(_ response: Response) -> [Output] {
        [.diagnostic(.strayResponse(status: response.status, response.cSeq.method))]
    }

    /// Hands an input to a client transaction and carries out what it says.
    mutating func advance(client key: ClientKey, _ input: ClientTransaction.Input, at now: Instant) -> [Output] {
        guard var client = clients[key] else { return [] }
        let outputs = client.transaction.handle(input, at: now)
        clients[key] = client.transaction.isTerminated ? nil : client
        return outputs.flatMap { output -> [Output] in
            switch output {
            case .send(let request): [.transmit(request.bytes)]
            case .deliver(let response): response.isProvisional ? [] : conclude(client, with: response, at: now)
            case .fail(let failure): fail(client.purpose, failure == .timedOut ? .timedOut : .transport, at: now)
            }
        }
    }

    private mutating func conclude(_ client: Client, with response: Response, at now: Instant) -> [Output] {
        let request = client.transaction.request
        if authenticator.learn(from: response, to: request, attempt: client.attempt) {
            if request.method == .refer { referrals[request.referralKey] = nil }
            var again = request
            again.cSeq.number = nextSequence(after: request, for: client.purpose)
            return transmit(again, for: client.purpose, attempt: client.attempt + 1, at: now)
        }
        if response.isSuccess { authenticator.learn(fromSuccess: response, to: request) }
        switch client.purpose {
        case .registration: return drive(.response(response), at: now)
        case .request(let id): return [.response(id, response)]
        case .callRequest(let id, let call):
            if request.method == .refer, !response.isSuccess { expectNoNews(of: id) }
            return [.response(id, response)] + forget(call, unknownIn: response, at: now)
        case .modification(let modification): return conclude(modification, request, with: response, at: now)
        case .notify(let key):
            if Self.endsDialog.contains(response.status) { dropReferral(key) }
            return []
        case .prack, .cancel, .bye: return []
        }
    }

    private mutating func nextSequence(after request: Request, for purpose: Client.Purpose) -> UInt32 {
        switch purpose {
        case .registration:
            registrationSequence &+= 1
            return registrationSequence
        case .callRequest, .modification, .prack, .notify:
            return dialogs[request.sentDialogID]?.dialog.nextSequence() ?? request.cSeq.number &+ 1
        case .request, .cancel, .bye:
            return request.cSeq.number &+ 1
        }
    }

    private mutating func fail(_ purpose: Client.Purpose, _ failure: Failure, at now: Instant) -> [Output] {
        switch purpose {
        case .registration: return drive(.failed(failure == .timedOut ? .timedOut : .transport), at: now)
        case .request(let id): return [.requestFailed(id, failure)]
        case .callRequest(let id, let call):
            expectNoNews(of: id)
            return [.requestFailed(id, failure)] + (failure == .timedOut ? forgetSilent(call, at: now) : [])
        case .modification(let modification): return fail(modification, failure, at: now)
        case .notify(let key):
            if failure == .timedOut { dropReferral(key) }
            return []
        case .bye(let bye): return failure == .transport ? owe(bye) : []
        case .prack, .cancel: return []
        }
    }

    mutating func newTag() -> String { randomness.token(length: 10) }
}

extension URI {
    /// The URI of the domain alone (RFC 3261 §10.2).
    var domain: URI { URI(scheme: scheme, host: host, port: port) }
}
