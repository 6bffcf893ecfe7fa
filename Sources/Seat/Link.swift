import ControlAPI
import Dialect
import SIP
import Wire

/// The connection under a login: made, lost, made again, and what the user agent says over it.
extension Seat {
    private static let registrationTime = Duration.seconds(300)
    /// How long a connection has to show that it still works.
    private static let probeTime = Duration.seconds(3)

    mutating func connected(from address: IPAddress?, at now: Moment) -> [Output] {
        guard login != nil else { return [.disconnect] }
        login?.link.opened(from: address)
        let registering = agent(.register(expires: Self.registrationTime), at: now)
        return registering + agent(.transportConnected, at: now) + tellStep(at: now)
    }

    mutating func disconnected(_ reason: String, isAnswered: Bool, at now: Moment) -> [Output] {
        guard let login else { return [] }
        if login.loggingOut != nil { return finishLogin(nil, .platformUnreachable, at: now) }
        return loseLink(.registerFailed(.connectionFailed, detail: reason), reason, isAnswered: isAnswered, at: now)
    }

    mutating func networkChanged(to addresses: [IPAddress], at now: Moment) -> [Output] {
        guard login?.loggingOut == nil else { return [] }
        if login == nil { return retryAutomaticLogin(at: now) }
        return take(login?.link.networkChanged(to: addresses, at: now), at: now)
    }

    /// The registration on this connection is over. Subscribers are told when no gateway is left to be tried at once, and not
    /// the same again at every further round.
    mutating func loseLink(_ event: Event.Content, _ reason: String, isAnswered: Bool, at now: Moment)
        -> [Output]
    {
        let before = login?.failureTold
        let step = login?.link.failed(reason, isAnswered: isAnswered, at: now, using: &randomness)
        let diagnostic: [Output] = login?.link.isTold ?? true ? [.diagnostic(.connectionFailed(reason))] : []
        guard case .wait = step else { return diagnostic + leaveLink(at: now) + take(step, at: now) }
        login?.failureTold = event
        return diagnostic + (event == before ? [] : [.event(event)]) + leaveLink(at: now) + take(step, at: now)
    }

    private mutating func leaveLink(at now: Moment) -> [Output] {
        let wentOffline: [Output] = isOnline ? [.event(.offline)] : []
        login?.isRegistered = false
        login?.status = .offline
        return wentOffline + agent(.transportFailed, at: now) + endCallsWithoutAudio(at: now)
    }

    mutating func take(_ step: GatewayLink.Step?, at now: Moment) -> [Output] {
        guard let link = login?.link else { return [] }
        switch step {
        case .connect:
            let diagnostic: [Output] = link.isTold ? [.diagnostic(.connecting(gateway: link.number))] : []
            return tellStep(at: now) + diagnostic + [.connect(socketURI: link.gateway)]
        case .wait(let pause):
            let diagnostic = Output.diagnostic(.reconnecting(after: pause, failures: link.failures))
            return tellStep(at: now) + (link.isTold ? [diagnostic] : [])
        case .probe: return [.probe(within: Self.probeTime)]
        case .replace(let reason):
            let event = Event.Content.registerFailed(.connectionFailed, detail: reason)
            login?.failureTold = event
            let told: [Output] = [.diagnostic(.connectionFailed(reason)), .event(event)]
            return told + leaveLink(at: now) + take(.connect, at: now)
        case .nothing: return tellStep(at: now)
        case nil: return []
        }
    }

    mutating func loginDeadline(at now: Moment) -> [Output] {
        var outputs: [Output] = []
        if let due = login?.agent.deadline, due <= now.instant { outputs += agent(.deadlineReached, at: now) }
        if let loggingOut = login?.loggingOut, loggingOut.deadline <= now.instant {
            return outputs + finishLogin(nil, .platformSilent, at: now)
        }
        return outputs + take(login?.link.deadlineReached(at: now), at: now)
    }

    mutating func received(_ message: [UInt8], at now: Moment) -> [Output] {
        guard let outputs = login?.agent.receive(message.span, at: now.instant) else { return [] }
        return carryOut(outputs, at: now)
    }

    /// Hands something to the user agent and carries out what it wants.
    mutating func agent(_ input: UserAgent.Input, at now: Moment) -> [Output] {
        guard let outputs = login?.agent.handle(input, at: now.instant) else { return [] }
        return carryOut(outputs, at: now)
    }

    private mutating func carryOut(_ outputs: [UserAgent.Output], at now: Moment) -> [Output] {
        outputs.flatMap { carryOut($0, at: now) }
    }

    private mutating func carryOut(_ output: UserAgent.Output, at now: Moment) -> [Output] {
        switch output {
        case .transmit(let message): [.transmit(message)]
        case .registration(let state): registration(state, at: now)
        case .response(let id, let response):
            legOfferAnswered(id, response) ?? responded(id, status: response.status, at: now)
        case .requestFailed(let id, let failure):
            legOfferFailed(id) ?? responded(id, status: nil, timedOut: failure == .timedOut, at: now)
        case .request(let token, let request): notice(token, request, at: now)
        case .incomingCall(let call, let request): legOffered(leg(call), request, at: now)
        case .callRequest(let call, let token, let request): legRequest(leg(call), token, request, at: now)
        case .callUpdate(let call, let token, let request): legUpdate(leg(call), token, request, at: now)
        case .incomingReplacement(let call, of: _, _): agent(.answer(call, status: 603), at: now)
        case .callOffered(let call, let token, let response): legOffered(leg(call), token, response, at: now)
        case .callEnded(let call, _): legEnded(leg(call), at: now)
        case .callConfirmed(let call, let request): legConfirmed(leg(call), request, at: now)
        case .callProgress, .callProgressConfirmed, .callAnswered: []
        case .referralProgress, .referralEnded: []
        case .diagnostic(let diagnostic): [.diagnostic(.userAgent(diagnostic))]
        }
    }

    private func leg(_ call: CallHandle) -> LegID {
        LegID(login: lastLogin, call: call)
    }
}
