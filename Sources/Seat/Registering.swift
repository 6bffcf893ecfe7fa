import ControlAPI
import Dialect
import SIP
import Wire

/// What the steps of the registration mean for the seat and for who watches it.
extension Seat {
    mutating func registration(_ state: Registration.State, at now: Moment) -> [Output] {
        var isTold = true
        switch state {
        case .registered: login?.link.registered()
        case .failed(let failure, _, _) where failure.isFinal: break
        case .failed(.rejected, _, _), .failed(.unlisted, _, _):
            login?.link.registrationRefused()
            isTold = login?.link.isTold ?? true
        case .unregistered, .registering, .refreshing, .unregistering, .failed: isTold = login?.link.isTold ?? true
        }
        let told = (isTold ? [.diagnostic(.registration(state, at: now.instant))] : []) + tellStep(at: now)
        switch state {
        case .registered: return told + registered(at: now)
        case .unregistered: return told + (login?.loggingOut != nil ? finishLogin(at: now) : [])
        case .failed(let failure, let until, _):
            return told + registrationFailed(failure, isBound: until != nil, at: now)
        case .registering: return told + goOffline()
        case .refreshing, .unregistering: return told
        }
    }

    private mutating func registered(at now: Moment) -> [Output] {
        guard let login, !login.isRegistered else { return [] }
        self.login?.isRegistered = true
        self.login?.failureTold = nil
        let actions = dialect.actions(
            onRegistrationOf: login.user, group: login.parameters.gid, status: login.wantedStatus, mode: login.mode)
        return [.event(.registered)] + actions.flatMap { send($0, .login, for: nil, at: now) } + watchCalls(at: now)
            + sendLegOffers(at: now)
    }

    /// What the registrar refuses it is asked again on the same connection, if there is no other gateway; one that does not
    /// answer may be on a connection that is dead.
    private mutating func registrationFailed(
        _ failure: Registration.Failure, isBound: Bool, at now: Moment
    ) -> [Output] {
        if login?.loggingOut != nil { return finishLogin(nil, failure.problem, at: now) }
        switch failure {
        case .rejected, .unlisted:
            let event = Event.Content.registerFailed(.registrationFailed, detail: failure.text, status: failure.status)
            if failure.isFinal { return [.event(event)] + finishLogin(at: now) }
            if login?.link.mayPassOver ?? false {
                let reason = (failure.status.map { "\($0) " } ?? "") + failure.text
                return [.disconnect] + loseLink(event, reason, isAnswered: true, at: now)
            }
            let before = login?.failureTold
            login?.failureTold = event
            login?.isRegistered = false
            return (event == before ? [] : [.event(event)]) + (isBound ? [] : goOffline())
        case .timedOut:
            let event = Event.Content.registerFailed(.registrationFailed, detail: failure.text)
            return [.disconnect] + loseLink(event, failure.text, isAnswered: true, at: now)
        case .transport:
            return []
        }
    }

    /// Without a binding the platform does not reach the seat.
    private mutating func goOffline() -> [Output] {
        guard isOnline else { return [] }
        login?.status = .offline
        return [.event(.offline)]
    }
}

extension Registration.Failure {
    fileprivate var problem: Problem {
        switch self {
        case .rejected(let status, _): .platformRefused(status: status)
        case .unlisted: .platformRefused(status: 200)
        case .timedOut: .platformSilent
        case .transport: .platformUnreachable
        }
    }
}
