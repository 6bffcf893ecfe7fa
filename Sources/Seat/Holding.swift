import ControlAPI
import Dialect
import Wire

/// Calls that wait, and the seat set idle or busy by hand.
extension Seat {
    mutating func hold(_ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        setHeld(true, ccNumber, id, failure: .holdFailed, at: now)
    }

    mutating func unhold(_ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        setHeld(false, ccNumber, id, failure: .unholdFailed, at: now)
    }

    /// One request at a time for a call, and none that would change nothing.
    private mutating func setHeld(
        _ isHeld: Bool, _ ccNumber: CallID, _ id: CommandID, failure: SDKCode, at now: Moment
    ) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady.with(code: failure)) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall.with(code: failure)) }
        let call = calls[index]
        guard call.connectedSince != nil, call.ending == nil, call.isHeld != isHeld, !isChangingHold(of: ccNumber)
        else { return refuse(id, .wrongState.with(code: failure)) }
        let verb: Verb = isHeld ? .hold(ccNumber) : .unhold(ccNumber)
        let action = dialect.action(for: verb, user: login.user, at: now, using: &randomness)
        return send(action, isHeld ? .hold(ccNumber) : .unhold(ccNumber), for: id, at: now)
    }

    private func isChangingHold(of ccNumber: CallID) -> Bool {
        waiting.values.contains { request in
            switch request.purpose {
            case .hold(ccNumber), .unhold(ccNumber): true
            default: false
            }
        }
    }

    /// The call may have ended before the platform's answer came.
    mutating func held(_ ccNumber: CallID, _ isHeld: Bool, _ request: Waiting, at now: Moment) -> [Output] {
        guard let index = index(of: ccNumber) else {
            return refuse(request.command, .noSuchCall.with(code: request.failure))
        }
        calls[index].isHeld = isHeld
        return accept(request.command, result: true)
    }

    /// Only who is called back can be anywhere (platform protocol §3.1).
    mutating func setMode(_ mode: Command.SeatMode, _ id: CommandID, at now: Moment) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady.with(code: .seatModeFailed)) }
        if mode == .mobile {
            guard case .callback = login.user.telephone else {
                return refuse(id, .wrongState.with(code: .seatModeFailed))
            }
        }
        let action = dialect.action(for: .setMode(mode), user: login.user, at: now, using: &randomness)
        return send(action, .setMode(mode), for: id, at: now)
    }

    /// During a call the platform takes no status.
    mutating func changeStatus(_ status: SeatStatus, _ id: CommandID, at now: Moment) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady.with(code: .changeStatusFailed)) }
        guard calls.isEmpty, dialling == nil else { return refuse(id, .wrongState.with(code: .changeStatusFailed)) }
        let action = dialect.action(for: .setStatus(status), user: login.user, at: now, using: &randomness)
        return send(action, .setStatus(status), for: id, at: now)
    }
}
