import ControlAPI
import Dialect
import Wire

/// The login that the configuration asks for: what `getUser2` and `init` do, begun again until the platform is reached.
///
/// It ends with the registration begun, with a refusal that asking again cannot help, or when a client takes over. What happens
/// to the registration then is as ever: who is logged out or kicked off stays so.
package struct AutomaticLogin: Sendable {
    package struct Parameters: Sendable, Equatable {
        package let user: Command.GetUser
        /// The skill group; the agent's first one, or none, when nil.
        package let gid: String?

        package init(user: Command.GetUser, gid: String?) {
            self.user = user
            self.gid = gid
        }
    }

    let parameters: Parameters
    /// Those that failed one after the other.
    var failures = 0
    /// When to begin again; nil while it is under way.
    var deadline: Instant?
    /// What subscribers were told last.
    var failureTold: Event.Content?
}

extension Seat {
    private static let longestPause = 30
    /// Asking again with the same words brings the same answer.
    private static let final: Set<Int> = Set(
        [SDKCode.badParameter, .wrongCredentials, .noSuchEnterprise].map(\.rawValue))

    mutating func logInAutomatically(_ parameters: AutomaticLogin.Parameters, at now: Moment) -> [Output] {
        automaticLogin = AutomaticLogin(parameters: parameters)
        return getUser(parameters.user, nil, at: now)
    }

    mutating func initializeAutomatically(at now: Moment) -> [Output] {
        guard let parameters = automaticLogin?.parameters else { return [] }
        automaticLogin = nil
        let group = parameters.gid ?? user?.data["inGroups"]?.array?.first?["id"]?.lenientString ?? "0"
        let login = Command.Initialize(
            un: parameters.user.un, pwd: parameters.user.pwd, switchnumber: parameters.user.switchnumber, gid: group)
        return initialize(login, nil, at: now)
    }

    mutating func automaticLoginFailed(_ problem: Problem, at now: Moment) -> [Output] {
        guard var automatic = automaticLogin else { return [] }
        automatic.failures += 1
        let event = Event.Content.loginFailed(problem)
        let told: [Output] = event == automatic.failureTold ? [] : [.event(event)]
        automatic.failureTold = event
        if problem.code.map(Self.final.contains) ?? false {
            automaticLogin = nil
            return told + [.diagnostic(.automaticLoginFailed(code: problem.code, retryAfter: nil))]
        }
        let seconds = min(Self.longestPause, 1 << min(automatic.failures - 1, 5))
        let pause = Duration.milliseconds(Int.random(in: seconds * 500...seconds * 1000, using: &randomness))
        automatic.deadline = now.instant + pause
        automaticLogin = automatic
        guard GatewayLink.isTold(automatic.failures) else { return told }
        return told + [.diagnostic(.automaticLoginFailed(code: problem.code, retryAfter: pause))]
    }

    mutating func automaticLoginDeadline(at now: Moment) -> [Output] {
        guard let due = automaticLogin?.deadline, due <= now.instant else { return [] }
        return retryAutomaticLogin(at: now)
    }

    /// Its time has come, or the network is another one; one that is under way is left alone.
    mutating func retryAutomaticLogin(at now: Moment) -> [Output] {
        guard let automatic = automaticLogin, automatic.deadline != nil else { return [] }
        automaticLogin?.deadline = nil
        return getUser(automatic.parameters.user, nil, at: now)
    }

    mutating func endAutomaticLogin() {
        guard automaticLogin != nil else { return }
        automaticLogin = nil
        if lookup?.command == nil { lookup = nil }
    }
}

extension Event.Content {
    /// `getUser` was asked for by nobody who could be told.
    fileprivate static func loginFailed(_ problem: Problem) -> Event.Content {
        let code = problem.code.flatMap(SDKCode.init(rawValue:)) ?? .serverError
        return registerFailed(code, detail: problem.detail ?? problem.title)
    }
}
