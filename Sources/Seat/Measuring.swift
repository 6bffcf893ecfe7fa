import ControlAPI
import Dialect
import Wire

/// How a call sounds, told every so often to who has asked for it.
extension Seat {
    mutating func setQualityInterval(
        _ interval: Duration?, _ ccNumber: CallID, _ id: CommandID, at now: Moment
    ) -> [Output] {
        guard login != nil else { return refuse(id, .notLoggedIn) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall) }
        calls[index].measuring = interval.map { Call.Measuring(interval: $0, next: now.instant + $0) }
        return accept(id, result: true)
    }

    /// A call without sound is asked about again when it may have some.
    mutating func measuringDeadline(at now: Moment) -> [Output] {
        var outputs: [Output] = []
        for index in calls.indices {
            guard let measuring = calls[index].measuring, measuring.next <= now.instant else { continue }
            calls[index].measuring?.next = now.instant + measuring.interval
            if let leg = legs.first(where: { $0.value.call == calls[index].id })?.key {
                outputs.append(.measureLeg(leg))
            }
        }
        return outputs
    }

    /// The members are what the owner of the audio has measured.
    func measured(_ leg: LegID, _ members: [String: JSON]) -> [Output] {
        guard let call = legs[leg]?.call, let index = index(of: call), calls[index].measuring != nil else { return [] }
        let data = members.merging(["ccNumber": .string(call)]) { $1 }
        return [.event(Event.Content(.callQuality, data: .object(data)))]
    }
}
