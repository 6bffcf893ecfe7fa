import ControlAPI
import Dialect
import SIP
import Wire

/// A seat that is logged in, or on the way there or out: one user agent over one connection at a time.
struct Login: Sendable {
    struct LoggingOut: Sendable {
        /// All who have asked for it.
        var commands: [CommandID]
        let deadline: Instant
    }

    let parameters: Command.Initialize
    let user: User
    var agent: UserAgent
    var link: GatewayLink
    /// What subscribers were told last of why there is no registration.
    var failureTold: Event.Content?
    /// Whether subscribers have been told of the registration on this connection.
    var isRegistered = false
    /// Offline until the platform itself has said what the seat is.
    var status = SeatStatus.offline
    /// What the seat is set to at the next login: the last status the platform confirmed.
    var wantedStatus = SeatStatus.idle
    /// What the agent chose; told the platform at each registration.
    var mode = Command.SeatMode.fixed
    var loggingOut: LoggingOut?

    var deadline: Instant? {
        earliest(earliest(agent.deadline, loggingOut?.deadline), link.deadline)
    }

    func isSame(as other: Command.Initialize, gateways: [String]) -> Bool {
        var mine = parameters
        var theirs = other
        mine.socketUri = nil
        theirs.socketUri = nil
        return mine == theirs && link.gateways == gateways && loggingOut == nil
    }
}

extension Seat {
    private static let logoutTime = Duration.seconds(5)
    /// Session timers are on (platform protocol §2); the interval in seconds is the one RFC 4028 §4 recommends.
    private static let sessionInterval = 1800
    private static let gatewayLimit = 8

    var isOnline: Bool { login.map { $0.status != .offline } ?? false }

    mutating func initialize(_ parameters: Command.Initialize, _ id: CommandID?, at now: Moment) -> [Output] {
        guard let user else { return refuse(id, .userUnknown.with(result: false)) }
        let gateways = parameters.socketUri.map(Self.gateways) ?? configuration.gateways
        guard !gateways.isEmpty else {
            return refuse(id, .missingParameter("socketUri").with(result: false))
        }
        if let login {
            if login.isSame(as: parameters, gateways: gateways) {
                return accept(id, result: true) + (login.isRegistered ? [.event(.registered)] : [])
            }
            guard !login.isRegistered, calls.isEmpty else { return refuse(id, .loggedInAlready.with(result: false)) }
        }
        let credentials = Credentials(
            extensionNumber: parameters.un, password: parameters.pwd, switchboardNumber: parameters.switchnumber)
        let loggingIn = dialect.user(user, loggingInWith: credentials)
        guard gateways.count <= Self.gatewayLimit, gateways.allSatisfy(isAcceptable) else {
            return refuse(id, .invalidParameter("socketUri").with(result: false))
        }
        guard let agent = makeAgent(loggingIn, isSecure: gateways[0].hasPrefix("wss:")) else {
            return refuse(id, .invalidParameter("un").with(result: false))
        }
        let dropped = login == nil ? [] : finishLogin(at: now)
        lastLogin += 1
        let link = GatewayLink(gateways: gateways, at: now)
        login = Login(parameters: parameters, user: loggingIn, agent: agent, link: link)
        return dropped + accept(id, result: true) + take(.connect, at: now)
    }

    /// The gateways of a `socketUri`, which may name several with commas between them.
    private static func gateways(_ socketUri: String) -> [String] {
        socketUri.split(separator: ",", omittingEmptySubsequences: false).map { String($0.drop { $0 == " " }) }
    }

    /// TLS always, but for a gateway on the same machine.
    private func isAcceptable(_ socketURI: String) -> Bool {
        guard let scheme = ["wss://", "ws://"].first(where: socketURI.hasPrefix), !socketURI.contains("@") else {
            return false
        }
        let authority = socketURI.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, (try? URI(parsing: "sip:\(authority)")) != nil else { return false }
        if scheme == "wss://" { return true }
        return ["127.0.0.1", "[::1]", "localhost"].contains { authority == $0 || authority.hasPrefix($0 + ":") }
    }

    private mutating func makeAgent(_ user: User, isSecure: Bool) -> UserAgent? {
        guard let address = try? URI(parsing: "sip:\(user.sipUser)@\(user.domain)") else { return nil }
        let host = randomness.token(length: 12).lowercased() + ".invalid"
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(address, displayName: user.displayName),
            contact: URI(
                user: user.sipUser, host: host, parameters: Parameters([Parameters.Parameter("transport", "ws")])),
            viaHost: host)
        configuration.credentials = UserAgent.Credentials(
            username: user.sipUser, password: user.credentials.password)
        configuration.transport = isSecure ? "WSS" : "WS"
        configuration.instanceID = self.configuration.instanceID
        configuration.sessionInterval = Self.sessionInterval
        configuration.infoPackages = [Self.trickling]
        configuration.supported.append(Self.trickling)
        configuration.userAgentHeader = self.configuration.userAgentHeader
        return UserAgent(configuration: configuration, randomness: .seeded(randomness.next()))
    }

    mutating func logOut(_ id: CommandID?, at now: Moment) -> [Output] {
        endAutomaticLogin()
        guard let login else { return id.map { [.reply($0, .success(.loggedOut))] } ?? [] }
        guard login.loggingOut == nil else {
            if let id { self.login?.loggingOut?.commands.append(id) }
            return []
        }
        let ended = endAllCalls(at: now)
        guard login.link.isUp, login.agent.isBound else { return ended + finishLogin(id, at: now) }
        self.login?.loggingOut = Login.LoggingOut(
            commands: id.map { [$0] } ?? [], deadline: now.instant + Self.logoutTime)
        return ended + agent(.unregister, at: now) + tellStep(at: now)
    }

    private func loggedOutReply(_ command: CommandID?, _ problem: Problem? = nil) -> [Output] {
        command.map { [.reply($0, problem.map { .failure($0.with(code: .logoutFailed)) } ?? .success(.loggedOut))] }
            ?? []
    }

    /// Forgets the login with all its calls and answers who waited for that.
    ///
    /// - Parameter problem: why the platform may not know that the seat is logged out.
    mutating func finishLogin(_ command: CommandID? = nil, _ problem: Problem? = nil, at now: Moment) -> [Output] {
        let ended = endAllCalls(at: now)
        guard let login else { return ended + loggedOutReply(command) }
        let undialled = giveUpDialling()
        let unwatched = drive(.loggedOut, at: now)
        reportedCalls = []
        self.login = nil
        let unanswered = waiting.values.flatMap { refuse($0.command, .notLoggedIn.with(code: $0.failure)) }
        waiting = [:]
        let unresolved = refuseExpectations()
        groupSeats = []
        let offline: [Output] = login.status == .offline ? [] : [.event(.offline)]
        let askers = login.loggingOut?.commands ?? []
        let replies = askers.flatMap { loggedOutReply($0, problem) } + loggedOutReply(command)
        return ended + undialled + unwatched + unanswered + unresolved + offline + tellStep(at: now) + replies + [
            .disconnect
        ]
    }

    mutating func messageAtLoginFailed(_ code: SDKCode, _ problem: Problem) -> [Output] {
        [.event(.registerFailed(code, detail: problem.title))]
    }
}

extension Event.Content {
    static let registered = Event.Content(.register, data: ["code": 200, "info": "", "data": ["status": 200]])
    static let offline = Event.Content(.statusChanged, data: ["status": 0])

    /// `data` says what the SDK's code leaves open.
    static func registerFailed(_ code: SDKCode, detail: String, status: Int? = nil) -> Event.Content {
        var data: [String: JSON] = ["reason": .string(detail)]
        data["status"] = status.map { .integer(Int64($0)) }
        return Event.Content(
            .register,
            data: ["code": .integer(Int64(code.rawValue)), "info": .string(code.info), "data": .object(data)])
    }
}

extension JSON {
    static let loggedOut: JSON = ["code": 200, "info": "", "data": nil]
}
