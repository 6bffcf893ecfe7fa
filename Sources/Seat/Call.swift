import ControlAPI
import Dialect
import Wire

/// A call the platform has given a `ccNumber`.
struct Call: Sendable {
    enum Direction: String, Sendable { case incoming, outgoing }

    enum State: Sendable, Equatable {
        /// It rings here.
        case offered
        /// We have told the platform to connect it.
        case answering
        /// The platform has taken our call and calls the other side.
        case ringing
        case connected(since: Moment)
    }

    /// Set once the end is certain but the platform's own word for it has not come yet.
    struct Ending: Sendable {
        let reason: EndReason
        let deadline: Instant
    }

    let id: CallID
    let direction: Direction
    let number: String
    var state: State
    var ending: Ending?

    init(_ id: CallID, _ direction: Direction, number: String, state: State) {
        self.id = id
        self.direction = direction
        self.number = number
        self.state = state
    }

    var connectedSince: Moment? {
        if case .connected(let since) = state { since } else { nil }
    }

    /// What `endPBXCall` says of how long it was: whole seconds where the call was really connected, else when it ended.
    func callTime(_ reason: EndReason, at now: Moment) -> JSON {
        guard reason != .notConnected, let since = connectedSince else { return .integer(now.unixSeconds) }
        return .integer((now.unixMilliseconds - since.unixMilliseconds) / 1000)
    }
}

/// A call of ours that the platform has not taken or refused yet.
struct Dialling: Sendable {
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
}
