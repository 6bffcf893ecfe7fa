import ControlAPI
import Dialect
import Wire

/// How far a call is, for those who give it tones and record it.
package struct CallProgress: Sendable, Equatable {
    package enum Phase: Sendable, Equatable { case offered, answering, ringing, connected }

    package var id: CallID
    package var isOutgoing: Bool
    package var phase: Phase
    /// Where its audio is.
    package var leg: LegID?

    package init(id: CallID, isOutgoing: Bool, phase: Phase, leg: LegID? = nil) {
        self.id = id
        self.isOutgoing = isOutgoing
        self.phase = phase
        self.leg = leg
    }
}

extension Seat {
    package var progress: [CallProgress] {
        calls.map { call in
            CallProgress(
                id: call.id, isOutgoing: call.direction == .outgoing, phase: call.state.phase,
                leg: legs.first { $0.value.call == call.id }?.key)
        }
    }

    /// To be recorded a call has to have begun; who records it answers the command.
    mutating func startRecording(_ ccNumber: CallID, _ id: CommandID) -> [Output] {
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall) }
        guard calls[index].connectedSince != nil else { return refuse(id, .wrongState) }
        return [.startRecording(ccNumber, id)]
    }

    mutating func stopRecording(_ ccNumber: CallID, _ id: CommandID) -> [Output] {
        guard index(of: ccNumber) != nil else { return refuse(id, .noSuchCall) }
        return [.stopRecording(ccNumber, id)]
    }
}

extension Call.State {
    fileprivate var phase: CallProgress.Phase {
        switch self {
        case .offered: .offered
        case .answering: .answering
        case .ringing: .ringing
        case .connected: .connected
        }
    }
}
