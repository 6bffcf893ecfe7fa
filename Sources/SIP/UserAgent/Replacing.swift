// Calls that take the place of others (RFC 3891).
extension UserAgent {
    /// What an INVITE with Replaces comes to.
    enum Replacement {
        case none
        case of(CallHandle)
        case refused(status: Int)
    }

    /// How the call is named to one who is to take its place at the other end: what goes into Refer-To or, as seen
    /// from there, into the Replaces of an INVITE (RFC 3891 §4). Nil before there is a dialog.
    package func replaces(_ call: CallHandle) -> Replaces? {
        calls[call]?.dialog.map { Replaces(callID: $0.callID, toTag: $0.remoteTag, fromTag: $0.localTag) }
    }

    /// The call an INVITE takes the place of (RFC 3891 §3).
    func replacement(by invite: Request) -> Replacement {
        let values = invite.headers.all(.replaces)
        guard configuration.supported.contains("replaces"), let value = values.first else { return .none }
        guard values.count == 1, let replaces = try? Replaces(parsing: value) else { return .refused(status: 400) }
        let id = Dialog.ID(callID: replaces.callID, localTag: replaces.toTag, remoteTag: replaces.fromTag)
        guard let call = dialogs[id]?.call, let state = calls[call]?.state else {
            return .refused(status: endedDialogs.contains(id) ? 603 : 481)
        }
        return switch state {
        // An early dialog can be replaced only by whom it was called from.
        case .ringing: .refused(status: 481)
        case .calling: .of(call)
        case .answered, .confirmed: replaces.isEarlyOnly ? .refused(status: 486) : .of(call)
        }
    }

    /// Remembers a dialog that is over, for a while: who comes to replace it is declined.
    mutating func remember(ended id: Dialog.ID) {
        endedDialogs.append(id)
        if endedDialogs.count > Limit.endedDialogs { endedDialogs.removeFirst() }
    }
}
