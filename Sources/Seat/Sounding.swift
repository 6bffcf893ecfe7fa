import ControlAPI
import Dialect
import Wire

/// What an agent lets the other side hear: the voice, or silence in its place.
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
}
