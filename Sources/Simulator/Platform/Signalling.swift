import SIP
import Wire

/// SIP in and out: one user agent for each connection.
extension Platform {
    func makeAgent() -> UserAgent {
        let address = URI(user: "PBX", host: configuration.world.domain)
        var contact = address
        contact.parameters["transport"] = "ws"
        var agent = UserAgent.Configuration(
            addressOfRecord: NameAddress(address), contact: contact, viaHost: configuration.world.domain)
        agent.accepted = [.message, .register]
        agent.userAgentHeader = "platform-sim"
        return UserAgent(configuration: agent, randomness: randomness)
    }

    mutating func drive(_ input: UserAgent.Input, on id: ConnectionID, at now: Instant) -> [Output] {
        let happened = connections[id]?.agent.handle(input, at: now) ?? []
        connectionDeadlines.set(connections[id]?.agent.deadline, for: id)
        return carryOut(happened, on: id, at: now)
    }

    mutating func carryOut(_ happened: [UserAgent.Output], on id: ConnectionID, at now: Instant) -> [Output] {
        happened.flatMap { carryOut($0, on: id, at: now) }
    }

    private mutating func carryOut(_ output: UserAgent.Output, on id: ConnectionID, at now: Instant) -> [Output] {
        switch output {
        case .transmit(let message):
            outage.isSilent ? [] : [.send(message, on: id)]
        case .request(let token, let request) where request.method == .register:
            register(request, token, on: id, at: now)
        case .request(let token, let request):
            message(request, token, on: id, at: now)
        case .incomingCall(let handle, _), .incomingReplacement(let handle, of: _, _):
            // Audio never comes from the agent's own INVITE (platform protocol §3.3).
            drive(.answer(handle, status: 403), on: id, at: now)
        case .callAnswered(let handle, let response):
            hand(.legAnswered(response.sessionDescription ?? ""), to: handle, at: now)
        case .callOffered(_, let token, _):
            // Every INVITE of the platform has an offer.
            drive(.respond(token, status: 488), on: id, at: now)
        case .callEnded(let handle, _):
            hand(.legEnded, to: handle, at: now)
        case .callRequest(let handle, let token, let request):
            callRequest(request, handle, token, on: id, at: now)
        case .callUpdate(_, let token, let request):
            drive(.respond(token, status: request.body.isEmpty ? 200 : 488), on: id, at: now)
        case .diagnostic(let diagnostic):
            [.diagnostic(.sip(diagnostic))]
        case .registration, .response, .requestFailed, .callProgress, .callProgressConfirmed, .callConfirmed,
            .referralProgress, .referralEnded:
            []
        }
    }

    /// A request inside the leg's dialog: a DTMF digit, or something that needs no more than a yes.
    private mutating func callRequest(
        _ request: Request, _ handle: CallHandle, _ token: RequestToken, on id: ConnectionID, at now: Instant
    ) -> [Output] {
        if case .outgoing(let serial) = handle, let digit = Self.digit(in: request) {
            keyPressed(digit, on: LegID(serial))
        }
        return drive(.respond(token, status: 200), on: id, at: now)
    }

    /// `Signal=5` of `application/dtmf-relay` (platform protocol §3.3).
    private static func digit(in request: Request) -> Character? {
        guard request.headers[.contentType] == "application/dtmf-relay" else { return nil }
        let line = request.text.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("signal=") }
        return line?.dropFirst("signal=".count).first { !$0.isWhitespace }
    }

    private mutating func hand(_ input: SeatCall.Input, to handle: CallHandle, at now: Instant) -> [Output] {
        guard case .outgoing(let serial) = handle else { return [] }
        return hand(input, to: LegID(serial), at: now)
    }

    /// Sends a seat a notice; one that is not registered misses it.
    mutating func tell(_ seat: String, _ notice: Element, at now: Instant) -> [Output] {
        guard let presence = presences[seat] else { return [] }
        let body = [UInt8](notice.document.utf8)
        return drive(
            .send(
                RequestID(nextSerial()), .message, target: presence.contact,
                headers: [.contentType: "application/pidf+xml"], body: body),
            on: presence.connection, at: now)
    }
}
