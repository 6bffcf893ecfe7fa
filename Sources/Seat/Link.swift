import ControlAPI
import Dialect
import SIP
import Wire

/// The connection under a login: made, lost, made again with back-off, and what the user agent says over it.
extension Seat {
    private static let longestPause = 30
    private static let registrationTime = Duration.seconds(300)

    mutating func connected(at now: Moment) -> [Output] {
        guard login != nil else { return [.disconnect] }
        login?.link = .up
        return agent(.register(expires: Self.registrationTime), at: now) + agent(.transportConnected, at: now)
    }

    mutating func disconnected(_ reason: String, at now: Moment) -> [Output] {
        guard let login else { return [] }
        if login.loggingOut != nil { return finishLogin(at: now) }
        return [.event(.registerFailed(.connectionFailed, detail: reason))] + loseLink(at: now)
    }

    /// The registration on this connection is over; another connection is tried after a pause.
    mutating func loseLink(at now: Moment) -> [Output] {
        let wentOffline: [Output] = isOnline ? [.event(.offline)] : []
        login?.failures += 1
        let failures = login?.failures ?? 1
        let pause = pause(afterFailures: failures)
        login?.link = .waiting(until: now.instant + pause)
        login?.isRegistered = false
        login?.status = .offline
        return wentOffline + agent(.transportFailed, at: now) + endCallsWithoutAudio(at: now) + [
            .diagnostic(.reconnecting(after: pause, failures: failures))
        ]
    }

    /// 1, 2, 4 … 30 s, each cut by up to a half at random, so that seats do not come back all at once.
    private mutating func pause(afterFailures failures: Int) -> Duration {
        let seconds = min(Self.longestPause, 1 << min(failures - 1, 5))
        return .milliseconds(Int.random(in: seconds * 500...seconds * 1000, using: &randomness))
    }

    mutating func loginDeadline(at now: Moment) -> [Output] {
        var outputs: [Output] = []
        if let due = login?.agent.deadline, due <= now.instant { outputs += agent(.deadlineReached, at: now) }
        if let loggingOut = login?.loggingOut, loggingOut.deadline <= now.instant {
            return outputs + finishLogin(at: now)
        }
        if case .waiting(let until) = login?.link, until <= now.instant, let uri = login?.socketURI {
            login?.link = .connecting
            outputs.append(.connect(socketURI: uri))
        }
        return outputs
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
        case .response(let id, let response): responded(id, status: response.status, at: now)
        case .requestFailed(let id, let failure): responded(id, status: nil, timedOut: failure == .timedOut, at: now)
        case .request(let token, let request): notice(token, request, at: now)
        case .incomingCall(let call, let request): legOffered(leg(call), request, at: now)
        case .callRequest(let call, let token, let request): legRequest(leg(call), token, request, at: now)
        case .callUpdate(let call, let token, let request): legUpdate(leg(call), token, request, at: now)
        case .callEnded(let call, _): legEnded(leg(call), at: now)
        case .callProgress, .callAnswered, .callConfirmed: []
        case .diagnostic(let diagnostic): [.diagnostic(.userAgent(diagnostic))]
        }
    }

    private func leg(_ call: CallHandle) -> LegID {
        LegID(login: lastLogin, call: call)
    }
}
