import ControlAPI
import Wire

/// How a seat's verbs become SIP requests and what comes in becomes facts about its calls.
///
/// Everything particular to one kind of telephone system stays behind this protocol.
package protocol Dialect: Sendable {
    /// Begins to find out who the agent is and where to register.
    func lookup(_ credentials: Credentials, telephone: Command.Telephone, randomness: Randomness) -> any UserLookup

    /// The same agent's place used with other credentials: `init` may name another extension than `getUser` did.
    func user(_ user: User, loggingInWith credentials: Credentials) -> User

    /// What is sent as soon as the seat is registered, in this order.
    func actions(onRegistrationOf user: User, group: String, status: SeatStatus, mode: Command.SeatMode) -> [Action]

    func action(for verb: Verb, user: User, at now: Moment, using randomness: inout Randomness) -> Action

    /// What a call to `number` is; decides what `call` returns and how it is dialled.
    func kind(ofCallTo number: String, user: User) -> CallKind

    /// The number behind one that `call` was given encrypted.
    func clearNumber(ofEncrypted number: String) throws(Problem) -> String

    /// What `webApiHandler` asks of the platform.
    func query(_ function: String, _ parameters: [String: String], user: User) throws(Problem) -> any WebQuery

    func facts(in incoming: Incoming) -> [Fact]
}

/// The steps that make a ``User`` of credentials; the owner does the fetching.
package protocol UserLookup: Sendable {
    mutating func handle(_ input: UserLookupInput, at now: Moment) -> UserLookupOutput
}

package enum UserLookupInput: Sendable {
    case start
    /// The body of a 200 to the last ``UserLookupOutput/fetch(_:)``; nil when none could be had.
    case fetched([UInt8]?)
}

package enum UserLookupOutput: Sendable, Equatable {
    /// An `https:` (or, for the directory, `http:`) URL to get; its query holds the password's digest.
    case fetch(Redacted<String>)
    case found(User)
    case failed(Problem)
}

/// One question to the telephone system's web API.
package protocol WebQuery: Sendable {
    /// To be got; its query holds the password's digest.
    var url: Redacted<String> { get }

    /// - Parameter body: that of a 200, nil when none could be had.
    func answer(_ body: [UInt8]?) throws(Problem) -> JSON
}

package struct Credentials: Sendable, Equatable {
    package let extensionNumber: String
    package let password: Redacted<String>
    package let switchboardNumber: String

    package init(extensionNumber: String, password: Redacted<String>, switchboardNumber: String) {
        self.extensionNumber = extensionNumber
        self.password = password
        self.switchboardNumber = switchboardNumber
    }
}

/// Who the agent is on the platform.
package struct User: Sendable, Equatable {
    package var credentials: Credentials
    package var displayName: String
    /// The SIP user part; also the user of the digest.
    package var sipUser: String
    /// The SIP domain.
    package var domain: String
    package var enterpriseID: String
    package var extensionRange: ClosedRange<Int>?
    /// What `getUser` answers.
    package var data: JSON
    /// The host of the platform's user API.
    package var webDomain: String
    /// Where the sound of this agent's calls is.
    package var telephone = Command.Telephone.here
    /// How long a call rings before it is answered without the agent; nil for never.
    package var autoAnswer: Duration?
    /// Whether the calls of the group are of this agent's business.
    package var isSupervisor = false
}

package enum SeatStatus: Int, Sendable {
    case offline = 0
    case idle = 1
    case busy = 2
}

/// The raw value is what the SDK's `call` returns.
package enum CallKind: Int, Sendable {
    case outside = 2
    case inside = 3
}

/// What an agent does with calls and with the seat.
package enum Verb: Sendable, Equatable {
    case call(number: String, kind: CallKind, areaCode: String? = nil)
    case answer(CallID)
    case hangUp(CallID)
    case hold(CallID)
    case unhold(CallID)
    /// Hands the call over to a colleague.
    case transfer(CallID, group: String, extensionNumber: String)
    case setStatus(SeatStatus)
    case setMode(Command.SeatMode)
    /// Whether there is work to do after the call, before the next one.
    case setAfterCallStatus(CallID, Bool)
    /// One key of a telephone.
    case tone(Character)
    case monitor(MonitorVerb, CallID)
    /// From now on the calls of the group are to be reported.
    case watchCalls
}

/// The platform's name of a call (`ccNumber`), not a SIP Call-ID.
package typealias CallID = String

/// What the seat has its user agent do.
package enum Action: Sendable, Equatable {
    /// A SIP MESSAGE outside any dialog to `target`; `failure` is the SDK's code if it is not accepted.
    case message(target: String, contentType: String, body: [UInt8], failure: SDKCode)
    /// A SIP INFO in the dialog of the call's audio (RFC 6086).
    case info(contentType: String, body: [UInt8], failure: SDKCode)
}

/// What the user agent received.
package enum Incoming: Sendable, Equatable {
    case message(body: [UInt8])
    case info(body: [UInt8])
    case invite
}

/// What something received says. `data` holds its attributes by the SDK's names.
package enum Fact: Sendable, Equatable {
    case seatStatus(SeatStatus, data: JSON)
    /// The answer to ``Verb/call(number:kind:areaCode:)``; `call` is nil unless it was accepted.
    case dialled(CallKind, call: CallID?, data: JSON)
    /// The called extension did not answer.
    case unanswered(call: CallID?, data: JSON)
    case offered(CallID, number: String, data: JSON)
    case withdrawn(CallID, data: JSON)
    case answered(CallID, data: JSON)
    case ended(CallID, EndReason, data: JSON)
    /// What became of ``Verb/transfer(_:group:extensionNumber:)``.
    case transferred(CallID, isDone: Bool, data: JSON)
    /// The answer to ``Verb/setAfterCallStatus(_:_:)``, which names no call for certain.
    case afterCallStatus(isSet: Bool)
    /// The seats of the agent's group, each with what the platform says of it.
    case groupSeats([JSON])
    case kickedOff(data: JSON)
    /// The answer to ``Verb/monitor(_:_:)``; `refusal` is nil if it was done.
    case monitored(MonitorVerb, CallID, refusal: Problem?)
    /// A call of the supervisor's group began or ended.
    case reported(CallID, isOver: Bool, data: JSON)
    /// Says of an INFO that its dialog is the audio of this call.
    case audio(of: CallID)
    /// Says of an INVITE that it is to be answered at once.
    case answerAtOnce
}

/// Why a call ended; the raw value is the SDK's `r`.
package enum EndReason: String, Sendable {
    case notConnected = "20"
    case customerHungUp = "25"
    case agentHungUp = "26"
}
