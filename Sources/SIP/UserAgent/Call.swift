/// One INVITE and the dialogs that come of it (RFC 3261 §13).
struct Call: Sendable {
    enum State: Sendable {
        /// Our INVITE is out. Of the early dialogs, the last is the one heard from last; the headers are those of
        /// the CANCEL, once the owner has hung up.
        case calling(ClientKey, early: [Dialog.ID], cancellation: Headers?)
        /// Their INVITE waits for our final response.
        case ringing(ServerKey, Dialog.ID)
        /// Our 2xx waits for its ACK; a BYE has to wait for it too (RFC 3261 §15).
        case answered(ServerKey, Dialog.ID, hangUp: Headers?)
        case confirmed(Dialog.ID)
    }

    var state: State

    /// The dialog that requests go out in, once there is one.
    var dialog: Dialog.ID? {
        switch state {
        case .calling(_, let early, _): early.last
        case .ringing(_, let dialog), .answered(_, let dialog, _), .confirmed(let dialog): dialog
        }
    }

    /// Whether there is a session: a 2xx was sent or received.
    var isAnswered: Bool {
        switch state {
        case .calling, .ringing: false
        case .answered, .confirmed: true
        }
    }

    var isCancelled: Bool {
        if case .calling(_, _, .some) = state { true } else { false }
    }
}
