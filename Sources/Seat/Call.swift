import ControlAPI
import Dialect
import SIP
import Wire

/// A call the platform has given a `ccNumber`.
struct Call: Sendable {
    enum Direction: String, Sendable { case incoming, outgoing }

    /// Every state but the last ends by itself: a platform that forgets a call must not keep the seat busy.
    enum State: Sendable, Equatable {
        /// It rings here; the platform repeats its offer meanwhile.
        case offered(until: Instant)
        /// We have told the platform to connect it.
        case answering(until: Instant)
        /// The platform has taken our call and calls the other side.
        case ringing(until: Instant)
        case connected(since: Moment)

        static func offered(at now: Moment) -> State { .offered(until: now.instant + .seconds(90)) }
        static func answering(at now: Moment) -> State { .answering(until: now.instant + .seconds(20)) }
        static func ringing(at now: Moment) -> State { .ringing(until: now.instant + .seconds(150)) }
    }

    /// Set once the end is certain but the platform's own word for it has not come yet.
    struct Ending: Sendable {
        let reason: EndReason
        let deadline: Instant
    }

    /// Somebody wants to know how it sounds.
    struct Measuring: Sendable {
        let interval: Duration
        var next: Instant
    }

    let id: CallID
    let direction: Direction
    let number: String
    var state: State
    var ending: Ending?
    /// Whether the platform has confirmed that the other side waits.
    var isHeld = false
    /// Whether the other side is sent silence.
    var isMuted = false
    var measuring: Measuring?
    /// Whether the platform has confirmed that there is work to do after it.
    var hasAfterCallWork = false
    /// When it is answered without the agent.
    var answersAt: Instant?
    /// By when there has to be sound, once it is answered; nil when there is, or when it is elsewhere.
    var soundDue: Instant?

    init(_ id: CallID, _ direction: Direction, number: String, state: State) {
        self.id = id
        self.direction = direction
        self.number = number
        self.state = state
    }

    var connectedSince: Moment? {
        if case .connected(let since) = state { since } else { nil }
    }

    var isOffered: Bool {
        if case .offered = state { true } else { false }
    }

    /// When it ends if nothing else happens first.
    var deadline: Instant? {
        if let ending { return ending.deadline }
        return switch state {
        case .offered(let until), .answering(let until), .ringing(let until): until
        case .connected: soundDue
        }
    }

    /// A notice of the platform's as subscribers get it: the number of a call of ours is what `call` was given, encrypted or not.
    func told(_ data: JSON) -> JSON {
        direction == .outgoing && data["n"] != nil ? data.with("n", .string(number)) : data
    }

    /// What `endPBXCall` says of how long it was: whole seconds where the call was really connected, else when it ended.
    func callTime(_ reason: EndReason, at now: Moment) -> JSON {
        guard reason != .notConnected, let since = connectedSince else { return .integer(now.unixSeconds) }
        return .integer((now.unixMilliseconds - since.unixMilliseconds) / 1000)
    }
}

/// A call of ours that the platform has not taken or refused yet.
struct Dialling: Sendable {
    /// As `call` was given it, encrypted or not.
    let number: String
    let kind: CallKind
    let deadline: Instant
}

/// The audio of a call: a SIP dialog that the platform opened.
struct Leg: Sendable {
    /// Known from the INFO that follows the INVITE.
    var call: CallID?
    /// The offer being answered: the INVITE's own, or that of a later re-INVITE.
    var pending: PendingOffer?
    /// By when its call has to be known; nil once it is.
    var deadline: Instant?
    /// An offer of ours that has no answer yet.
    var offer: LegOffer?
}

/// An offer made because this machine's addresses have changed.
struct LegOffer: Sendable {
    let sdp: String
    /// Nil while the connection is being made again that it will go over.
    var request: RequestID?
}
