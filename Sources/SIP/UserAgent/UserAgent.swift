import Wire

/// A SIP user agent on one reliable, message-framed transport such as a WebSocket (RFC 3261, RFC 7118).
///
/// It holds the transactions, the dialogs and the registration of one address of record. Hand in what happened, carry
/// out what comes back in that order, and hand in ``Input/deadlineReached`` when ``deadline`` has come. A registrar
/// has one user agent for each connection it accepted.
package struct UserAgent: Sendable {
    package let configuration: Configuration
    var randomness: Randomness
    var isConnected = false
    var authenticator: Authenticator

    var registration: Registration
    var registrationCallID: String
    var registrationSequence: UInt32 = 0

    var clients: [ClientKey: Client] = [:]
    var inviteClients: [ClientKey: InviteClient] = [:]
    var servers: [ServerKey: Server] = [:]
    var inviteServers: [ServerKey: InviteServer] = [:]

    var calls: [CallHandle: Call] = [:]
    var dialogs: [Dialog.ID: Session] = [:]
    /// Those that ended last.
    var endedDialogs: [Dialog.ID] = []
    var referrals: [Referral.Key: Referral] = [:]
    /// BYEs that no connection could carry.
    var owed: [Request] = []
    var tokens: [RequestToken: ServerKey] = [:]
    /// Offers in responses that wait for the owner's answer.
    var offers: [RequestToken: OfferInResponse] = [:]
    var lastToken: UInt64 = 0
    var lastCall: UInt64 = 0

    package init(configuration: Configuration, randomness: Randomness) {
        self.configuration = configuration
        self.randomness = randomness
        authenticator = Authenticator(configuration.credentials)
        registration = Registration(contact: Self.registeredContact(configuration))
        registrationCallID = self.randomness.token(length: 24)
    }

    package enum Input: Sendable {
        case deadlineReached
        /// A connection is up: requests can go out, and a registration that is wanted is made again.
        case transportConnected
        /// The connection is gone: transactions end, answered calls live on.
        case transportFailed

        case register(expires: Duration)
        case unregister

        /// A request outside any dialog other than INVITE; challenges are answered with the credentials.
        case send(RequestID, Method, target: URI, headers: Headers = [:], body: [UInt8] = [])
        /// A new call; its number is the owner's choice.
        case invite(CallHandle, target: URI, headers: Headers = [:], body: [UInt8] = [])
        /// Ends a call the way its state asks for: CANCEL, 480 or BYE; the headers, such as Reason (RFC 3326), go
        /// into the CANCEL or the BYE.
        case hangUp(CallHandle, headers: Headers = [:])
        /// A request inside a call, such as INFO, re-INVITE or UPDATE; before the call is answered, in the early
        /// dialog that was heard from last. A re-INVITE or UPDATE that meets one of the other side's is sent again
        /// by itself; when that makes no sense any more its 491 is the response (RFC 3261 §14.1).
        case sendInCall(CallHandle, RequestID, Method, headers: Headers = [:], body: [UInt8] = [])

        /// How a REFER goes that came with the token and was accepted; a final status ends it (RFC 3515 §2.4.5).
        case notifyReferral(RequestToken, status: Int, reason: String? = nil)

        /// The response to a request, or the answer to an offer, that came with a token.
        case respond(RequestToken, status: Int, reason: String? = nil, headers: Headers = [:], body: [UInt8] = [])
        /// A provisional, successful or refusing answer to ``Output/incomingCall(_:_:)``.
        case answer(CallHandle, status: Int, reason: String? = nil, headers: Headers = [:], body: [UInt8] = [])
    }

    package enum Output: Sendable, Equatable {
        /// One whole message for the transport.
        case transmit([UInt8])
        case registration(Registration.State)

        /// The final response to ``Input/send(_:_:target:headers:body:)`` or
        /// ``Input/sendInCall(_:_:_:headers:body:)``.
        case response(RequestID, Response)
        case requestFailed(RequestID, Failure)

        /// A request outside any dialog with an accepted method: the owner must respond.
        case request(RequestToken, Request)

        case incomingCall(CallHandle, Request)
        /// A call that takes the place of another one when it is answered, and ends that (RFC 3891).
        case incomingReplacement(CallHandle, of: CallHandle, Request)
        /// A provisional response to our INVITE; a session description in it is the answer to our offer, or what early
        /// media goes by. The tag of its To tells forks apart.
        case callProgress(CallHandle, Response)
        /// A response to our INVITE or re-INVITE without an offer makes one: the owner must respond with its answer,
        /// which goes into the PRACK or the ACK; anything but 2xx ends the call.
        case callOffered(CallHandle, RequestToken, Response)
        /// The far side took our INVITE; the ACK has gone out.
        case callAnswered(CallHandle, Response)
        /// The PRACK of our reliable provisional response came; a body is the answer to the offer that made.
        case callProgressConfirmed(CallHandle, Request)
        /// The ACK of our 2xx to an INVITE or re-INVITE came.
        case callConfirmed(CallHandle, Request)
        /// A request inside the call such as INFO: the owner must respond.
        case callRequest(CallHandle, RequestToken, Request)
        /// A re-INVITE, or an UPDATE or PRACK with an offer: the owner must respond, to an offer with an answer in the body.
        case callUpdate(CallHandle, RequestToken, Request)
        /// What became of a REFER of ours so far.
        case referralProgress(RequestID, StatusFragment)
        /// No more news of a REFER that was accepted: the last one was final, or none came in time.
        case referralEnded(RequestID)
        /// Told exactly once for each call.
        case callEnded(CallHandle, CallEnd)

        case diagnostic(Diagnostic)
    }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        var next = registration.deadline
        for client in clients.values { next = earliest(next, client.transaction.deadline) }
        for client in inviteClients.values { next = earliest(next, client.deadline) }
        for server in servers.values { next = earliest(next, server.transaction.deadline) }
        for server in inviteServers.values { next = earliest(next, server.deadline) }
        for referral in referrals.values { next = earliest(next, referral.expiration) }
        for session in dialogs.values { next = earliest(next, session.deadline(isConnected: isConnected)) }
        return next
    }

    /// Takes one whole message off the transport.
    package mutating func receive(_ bytes: Span<UInt8>, at now: Instant) -> [Output] {
        if bytes.isKeepAlive { return receiveKeepAlive(bytes.count, at: now) }
        do {
            switch try Message(bytes) {
            case .request(let request): return receive(request, at: now)
            case .response(let response): return receive(response, at: now)
            }
        } catch {
            return [.diagnostic(.malformed(error.reason))] + (error.reply.map { [.transmit($0)] } ?? [])
        }
    }

    /// Answers a ping; anything shorter is the pong to ours (RFC 5626 §3.5.1).
    private mutating func receiveKeepAlive(_ count: Int, at now: Instant) -> [Output] {
        count == KeepAlive.ping.count ? [.transmit(KeepAlive.pong)] : drive(.pong, at: now)
    }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch input {
        case .deadlineReached:
            return reachDeadlines(at: now)
        case .transportConnected:
            isConnected = true
            return drive(.transportConnected, at: now) + payOwed(at: now)
        case .transportFailed:
            return loseTransport(at: now)
        case .register(let expires):
            return drive(.register(seconds: Int(expires.components.seconds)), at: now)
        case .unregister:
            return drive(.unregister, at: now)
        case .send(let id, let method, let target, let headers, let body):
            return send(id, method, to: target, headers: headers, body: body, at: now)
        case .invite(let call, let target, let headers, let body):
            return invite(call, target: target, headers: headers, body: body, at: now)
        case .hangUp(let call, let headers):
            return hangUp(call, headers: headers, at: now)
        case .sendInCall(let call, let id, let method, let headers, let body):
            return send(id, method, in: call, headers: headers, body: body, at: now)
        case .notifyReferral(let token, let status, let reason):
            return notifyReferral(token, StatusFragment(status, reason: reason), at: now)
        case .respond(let token, let status, let reason, let headers, let body):
            let answer = Answer(status: status, reason: reason, headers: headers, body: body)
            return respond(to: token, answer, at: now)
        case .answer(let call, let status, let reason, let headers, let body):
            let answer = Answer(status: status, reason: reason, headers: headers, body: body)
            return respond(to: call, answer, at: now)
        }
    }
}

extension Span<UInt8> {
    /// Line ends alone, which say nothing (RFC 5626 §3.5.1).
    fileprivate var isKeepAlive: Bool {
        indices.allSatisfy { self[$0] == UInt8(ascii: "\r") || self[$0] == UInt8(ascii: "\n") }
    }
}

/// What an owner answers to a request.
struct Answer {
    var status: Int
    var reason: String?
    var headers: Headers = [:]
    var body: [UInt8] = []
}
