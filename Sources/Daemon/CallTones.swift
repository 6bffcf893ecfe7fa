import Audio
import ControlAPI
import Seat
import Wire

/// Which tone the agent of one seat hears: those that last follow from the calls there are, the others from how a call ends.
struct CallTones: Sendable {
    enum Output: Sendable, Equatable { case play(Tone), stop }

    private var calls: [CallProgress] = []
    /// What is played until something changes.
    private var lasting: Tone?
    /// Who hangs up needs not be told.
    private var hungUp: Set<String> = []

    mutating func hangUp(_ ccNumber: String) {
        hungUp.insert(ccNumber)
    }

    /// - Parameter heard: the legs on which the other side was heard: what it plays takes the place of our ringback.
    mutating func follow(_ calls: [CallProgress], heard: Set<LegID>) -> [Output] {
        self.calls = calls
        hungUp.formIntersection(calls.map(\.id))
        let wanted = Self.tone(calls, heard: heard)
        guard wanted != lasting else { return [] }
        lasting = wanted
        return [wanted.map(Output.play) ?? .stop]
    }

    private static func tone(_ calls: [CallProgress], heard: Set<LegID>) -> Tone? {
        let talks = calls.contains { $0.phase == .connected || $0.phase == .answering }
        if calls.contains(where: { $0.phase == .offered }) { return talks ? .waiting : .ring }
        let isSilent = calls.contains { call in
            call.phase == .ringing && call.isOutgoing && !(call.leg.map(heard.contains) ?? false)
        }
        return isSilent && !talks ? .ringback : nil
    }

    /// To be called before ``follow(_:heard:)``, while the call is still known.
    mutating func note(_ event: Event.Content) -> [Output] {
        guard event.name == .callEvent, let tone = tone(for: event) else { return [] }
        lasting = nil
        return [.play(tone)]
    }

    private func tone(for event: Event.Content) -> Tone? {
        let reason = event.data["r"]?.lenientString
        switch event.type {
        case "calloutResponse", "callinResponse":
            if reason == "200" { return nil }
            return reason == "486" || reason == "503" ? .busy : .congestion
        case "endPBXCall":
            guard let call = calls.first(where: { $0.id == event.data["c"]?.lenientString }),
                !hungUp.contains(call.id)
            else { return nil }
            if call.phase == .connected { return .end }
            return call.isOutgoing ? .busy : nil
        default: return nil
        }
    }
}
