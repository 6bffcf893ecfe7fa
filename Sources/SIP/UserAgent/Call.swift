/// One INVITE and the dialog that comes of it (RFC 3261 §13).
struct Call: Sendable {
    enum State: Sendable {
        /// Our INVITE is out.
        case calling(ClientKey, isCancelled: Bool)
        /// Their INVITE waits for our final response.
        case ringing(ServerKey, Dialog)
        /// Our 2xx waits for its ACK; a BYE has to wait for it too (RFC 3261 §15).
        case answered(ServerKey, Dialog, hangUp: Headers?)
        case confirmed(Dialog)
    }

    var state: State

    /// The dialog, once there is one.
    var dialog: Dialog? {
        switch state {
        case .calling: nil
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

    /// Changes the dialog; nil when there is none.
    mutating func withDialog<Result>(_ change: (inout Dialog) -> Result) -> Result? {
        switch state {
        case .calling:
            return nil
        case .ringing(let key, var dialog):
            defer { state = .ringing(key, dialog) }
            return change(&dialog)
        case .answered(let key, var dialog, let hangUp):
            defer { state = .answered(key, dialog, hangUp: hangUp) }
            return change(&dialog)
        case .confirmed(var dialog):
            defer { state = .confirmed(dialog) }
            return change(&dialog)
        }
    }
}
