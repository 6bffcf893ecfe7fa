import ControlAPI
import Dialect
import SIP
import Wire

/// One agent's place: who is logged in, the registration, the calls and their audio legs.
///
/// A core without IO. It speaks SIP through its user agent and knows the telephone system only as a ``Dialect``.
package struct Seat: Sendable {
    package struct Configuration: Sendable {
        /// The gateways `init` connects to when it names none; the first that answers is used.
        package var gateways: [String]
        package var userAgentHeader: String
        /// A `urn:uuid:` by which registrars know this telephone again (RFC 5626 §4.1).
        package var instanceID: String?
        /// How long a request of the control API waits for the platform.
        package var answerTime = Duration.seconds(10)
        package var keyTransport = KeyTransport.info

        package init(gateways: [String] = [], userAgentHeader: String = "phonebard") {
            self.gateways = gateways
            self.userAgentHeader = userAgentHeader
        }
    }

    package enum Input: Sendable {
        /// The seat is to be logged in without anybody asking.
        case loginConfigured(AutomaticLogin.Parameters)
        case command(CommandID, Command)
        /// The body of a 200 to a ``Output/fetch(_:_:)``, nil when none could be had.
        case fetched(FetchID, [UInt8]?)
        /// The connection asked for is there; the address is this side's, if it has one.
        case connected(from: IPAddress? = nil)
        /// The connection asked for could not be made, or is gone; `isAnswered` is whether the other side had a say in it.
        case disconnected(reason: String, isAnswered: Bool = true)
        /// Links, addresses or routes are not what they were; the addresses are those of the links that are up now.
        case networkChanged(addresses: [IPAddress])
        case received([UInt8])
        /// The answer to the offer of ``Output/offerToLeg(_:sdp:)``.
        case legAnswered(LegID, sdp: String)
        case legRefused(LegID, warning: Warning)
        /// The offer that ``Output/offerFromLeg(_:)`` asked for; later the machine's addresses have changed under the leg's
        /// audio, and the other end is to be offered the new ones.
        case legOffers(LegID, sdp: String)
        /// The audio of a leg that was answered has failed.
        case legFailed(LegID)
        /// The other end of a leg's audio has said goodbye; BYE and the platform's notice usually follow.
        case legEndedByPeer(LegID)
        /// What became of ``Output/pressKey(_:_:for:until:)``: how long the key and the pause after it take, nil where it cannot
        /// be sent.
        case keyPressed(LegID, taking: Duration?)
        /// The other side has pressed a key.
        case keyReceived(LegID, Character)
        /// What ``Output/measureLeg(_:)`` has asked for, as members of the event's data.
        case legMeasured(LegID, [String: JSON])
        case deadlineReached
    }

    package enum Output: Sendable, Equatable {
        case reply(CommandID, Result<JSON, Problem>)
        case event(Event.Content)
        /// Gets a URL of the platform's user API; it holds the password's digest.
        case fetch(FetchID, Redacted<String>)
        /// Opens a WebSocket with the subprotocol `sip` in place of any other.
        case connect(socketURI: String)
        case disconnect
        /// Finds out whether the connection still works; if nothing comes over it within the time, it is lost.
        case probe(within: Duration)
        case transmit([UInt8])
        /// An offer for a leg, which is made if it is not there yet.
        case offerToLeg(LegID, sdp: String)
        /// More candidates of the other end of a leg (`application/trickle-ice-sdpfrag`).
        case candidatesForLeg(LegID, fragment: String)
        /// The answer to the offer of ``Input/legOffers(_:sdp:)``; nil when it is refused.
        case answerToLeg(LegID, sdp: String?)
        /// Replaces what the leg sends by silence while true.
        case muteLeg(LegID, Bool)
        /// Asks a leg for an offer; it is made if it is not there yet.
        case offerFromLeg(LegID)
        /// Has the leg send a key in place of the voice, as soon as there is sound; after that moment nothing is to be said of it.
        case pressKey(LegID, Character, for: Duration, until: Instant)
        /// How the leg sounds since the last time is wanted.
        case measureLeg(LegID)
        case closeLeg(LegID)
        /// Who records the call answers the command.
        case startRecording(CallID, CommandID)
        case stopRecording(CallID, CommandID)
        case diagnostic(Diagnostic)
    }

    /// Facts for the log; none carries a number, an address or a body.
    package enum Diagnostic: Sendable, Equatable {
        case userAgent(UserAgent.Diagnostic)
        /// The instant is the one to count the state's from.
        case registration(Registration.State, at: Instant)
        /// A message of the platform's that says nothing we know.
        case ignoredNotice
        case messageRefused(SDKCode, status: Int?)
        /// Connecting to the gateway with this number, counted from 1.
        case connecting(gateway: Int)
        case connectionFailed(String)
        /// The platform's code, and when it is tried again, nil for never.
        case automaticLoginFailed(code: Int?, retryAfter: Duration?)
        case reconnecting(after: Duration, failures: Int)
    }

    let configuration: Configuration
    let dialect: any Dialect
    var randomness: Randomness

    var automaticLogin: AutomaticLogin?
    var lookup: Lookup?
    var user: User?
    var login: Login?
    var dialling: Dialling?
    var keySequence: KeySequence?
    var calls: [Call] = []
    var legs: [LegID: Leg] = [:]
    var monitor = Monitor()
    /// The calls of the supervisor's group that are on, as far as subscribers know, the oldest first.
    var reportedCalls: [CallID] = []
    /// Requests of ours that the platform has not answered, by what hangs on them.
    var waiting: [RequestID: Waiting] = [:]
    /// Commands whose outcome the platform tells in a notice.
    var expectations: [Expectation] = []
    var queries: [FetchID: Query] = [:]
    /// What the platform said last of the seats of the group.
    var groupSeats: [JSON] = []
    var lastRequest: UInt64 = 0
    var lastLogin: UInt64 = 0
    /// What subscribers know of the registration.
    var toldStep = Seat.loggedOutStep

    package init(configuration: Configuration, dialect: any Dialect, randomness: Randomness) {
        self.configuration = configuration
        self.dialect = dialect
        self.randomness = randomness
    }

    /// Whether it is as it was made: nobody is logged in, known or asked for.
    package var isUntouched: Bool { user == nil && login == nil && lookup == nil && automaticLogin == nil }

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? {
        var next = earliest(login?.deadline, lookup?.deadline)
        next = earliest(next, dialling?.deadline)
        next = earliest(next, keySequence?.deadline)
        next = calls.reduce(next) { earliest($0, $1.measuring?.next) }
        next = earliest(next, monitor.deadline)
        next = calls.reduce(next) { earliest($0, $1.deadline) }
        next = legs.values.reduce(next) { earliest($0, $1.deadline) }
        next = expectations.reduce(next) { earliest($0, $1.deadline) }
        next = queries.values.reduce(next) { earliest($0, $1.deadline) }
        next = earliest(next, earliest(autoAnswerDeadline, automaticLogin?.deadline))
        return waiting.values.reduce(next) { earliest($0, $1.deadline) }
    }

    package mutating func handle(_ input: Input, at now: Moment) -> [Output] {
        switch input {
        case .loginConfigured(let parameters): logInAutomatically(parameters, at: now)
        case .command(let id, let command): perform(command, id, at: now)
        case .fetched(let id, let body): fetched(id, body, at: now)
        case .connected(let address): connected(from: address, at: now)
        case .disconnected(let reason, let isAnswered): disconnected(reason, isAnswered: isAnswered, at: now)
        case .networkChanged(let addresses): networkChanged(to: addresses, at: now)
        case .received(let message): received(message, at: now)
        case .legAnswered(let leg, let sdp): legAnswered(leg, sdp, at: now)
        case .legRefused(let leg, let warning): legRefused(leg, warning, at: now)
        case .legOffers(let leg, let sdp): legOffers(leg, sdp, at: now)
        case .keyPressed(let leg, let time): keyPressed(leg, taking: time, at: now)
        case .keyReceived(let leg, let key): keyReceived(leg, key)
        case .legMeasured(let leg, let members): measured(leg, members)
        case .legFailed(let leg): legFailed(leg, at: now)
        case .legEndedByPeer(let leg): legLost(leg, at: now)
        case .deadlineReached: deadlineReached(at: now)
        }
    }

    private mutating func perform(_ command: Command, _ id: CommandID, at now: Moment) -> [Output] {
        if isForbiddenWhileMonitoring(command) { return refuse(id, .wrongState) }
        return switch command {
        case .getUser(let parameters): getUser(parameters, id, at: now)
        case .initialize(let parameters): initialize(parameters, id, at: now)
        case .logout: logOut(id, at: now)
        case .call(let number, let areaCode, let isEncrypted):
            call(number, areaCode: areaCode, isEncrypted: isEncrypted, id, at: now)
        case .answerPBXCall(let ccNumber): answer(ccNumber, id, at: now)
        case .terminate(let ccNumber): terminate(ccNumber, id, at: now)
        case .hold(let ccNumber): hold(ccNumber, id, at: now)
        case .unhold(let ccNumber): unhold(ccNumber, id, at: now)
        case .transferPBXCall(let transfer): self.transfer(transfer, id, at: now)
        case .mute(let ccNumber): setMuted(true, ccNumber, id)
        case .unmute(let ccNumber): setMuted(false, ccNumber, id)
        case .startRecording(let ccNumber): startRecording(ccNumber, id)
        case .stopRecording(let ccNumber): stopRecording(ccNumber, id)
        case .sendDTMF(let keys): sendKeys(keys.keys, id, at: now)
        case .callQuality(let ccNumber, let interval): setQualityInterval(interval, ccNumber, id, at: now)
        case .changeStatus(let status): changeStatus(status == .idle ? .idle : .busy, id, at: now)
        case .setSeatMode(let mode): setMode(mode, id, at: now)
        case .setAfterCallStatus(let ccNumber): setAfterCallStatus(true, ccNumber, id, at: now)
        case .cancelAfterCallStatus(let ccNumber): setAfterCallStatus(false, ccNumber, id, at: now)
        case .webApiHandler(let name, let parameters): query(name, parameters.value, id, at: now)
        case .monitor(let verb, let ccNumber): monitor(verb, ccNumber, id, at: now)
        case .checkMonitorState: [.reply(id, .success(["result": monitor.json]))]
        case .checkLogin: [.reply(id, .success(["result": .integer(isOnline ? 1 : 0)]))]
        case .checkSeatState: [.reply(id, .success(["result": .integer(Int64(state.rawValue))]))]
        }
    }

    private mutating func deadlineReached(at now: Moment) -> [Output] {
        var outputs = lookupDeadline(at: now)
        outputs += queryDeadlines(at: now)
        outputs += automaticLoginDeadline(at: now)
        outputs += waitingDeadline(at: now)
        outputs += expectationDeadlines(at: now)
        outputs += drive(.deadlineReached, at: now)
        outputs += callDeadlines(at: now)
        outputs += keyDeadline(at: now)
        outputs += measuringDeadline(at: now)
        outputs += legDeadlines(at: now)
        outputs += answerAutomatically(at: now)
        return outputs + loginDeadline(at: now)
    }
}

/// The control API's name for a command that waits for its reply.
package struct CommandID: Hashable, Sendable {
    let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// The name of a fetch under way; the answer to one that is no longer awaited is dropped.
package struct FetchID: Hashable, Sendable {
    let rawValue: UInt64
}

/// The name of an audio leg: that of its SIP call, and of the login whose user agent named it.
package struct LegID: Hashable, Sendable {
    let login: UInt64
    let call: CallHandle
}

/// What `checkSeatState` returns.
package enum SeatState: Int, Sendable {
    case offline = 0
    case idle = 1
    /// Set busy by hand, not in a call.
    case busy = 2
    case ringing = 3
    case talking = 4
    case held = 5
}
