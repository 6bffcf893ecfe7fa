import ControlAPI
import Dialect
import SIP
import Wire

/// What an agent lets the other side hear: silence in place of the voice, the tones of a telephone's keys.
extension Seat {
    /// Concerns nobody but this seat, so it works without a connection too, and may be said twice.
    mutating func setMuted(_ isMuted: Bool, _ ccNumber: CallID, _ id: CommandID) -> [Output] {
        guard login != nil else { return refuse(id, .notLoggedIn) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall) }
        guard login?.user.telephone == .here else { return refuse(id, .soundElsewhere) }
        guard calls[index].connectedSince != nil else { return refuse(id, .wrongState) }
        calls[index].isMuted = isMuted
        let own = legs.filter { $0.value.call == ccNumber }.keys
        return own.map { .muteLeg($0, self.isMuted(ccNumber)) } + accept(id, result: true)
    }

    /// Goes to the call that talks; the next one has to wait for the answer to this, or the far side would mix them up.
    mutating func sendTone(_ key: Character, _ id: CommandID, at now: Moment) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady) }
        guard let call = calls.first(where: { $0.connectedSince != nil && !$0.isHeld && $0.ending == nil })?.id,
            let leg = legs.first(where: { $0.value.call == call })?.key, !isSendingTone
        else { return refuse(id, .wrongState) }
        guard
            case .info(let contentType, let body, let failure) = dialect.action(
                for: .tone(key), user: login.user, at: now, using: &randomness)
        else { return refuse(id, .platformUnreachable) }
        lastRequest += 1
        let request = RequestID(lastRequest)
        waiting[request] = Waiting(
            purpose: .tone, failure: failure, command: id, deadline: now.instant + configuration.answerTime)
        return agent(
            .sendInCall(leg.call, request, .info, headers: [.contentType: contentType], body: body), at: now)
    }

    private var isSendingTone: Bool {
        waiting.values.contains { if case .tone = $0.purpose { true } else { false } }
    }
}
