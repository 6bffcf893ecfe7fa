import SIP
import Wire

/// `cc a=82`: what the seats of a skill group are told of each other (platform protocol §3.2).
///
/// [assumed] When it is sent, and what its numbers are: `s` is `service_control` (§1), `b` Unix time, `i` counts the notices.
extension Platform {
    /// What changes at about the same time is told once.
    private static let pause = Duration.seconds(1)
    /// A larger group is not told: each change would go to everybody, with everybody in it.
    private static let largestGroup = 50

    /// To be called when a seat has come, gone, or does something else than before.
    mutating func groupChanged(of seat: String, at now: Instant) {
        guard let group = group(of: seat), groupNotices[group] == nil else { return }
        groupNotices[group] = now + Self.pause
    }

    mutating func groupNoticesDue(at now: Instant) -> [Output] {
        let due = groupNotices.filter { $0.value <= now }.keys.sorted()
        return due.flatMap { group in
            groupNotices[group] = nil
            return tellGroup(group, at: now)
        }
    }

    private mutating func tellGroup(_ group: String, at now: Instant) -> [Output] {
        let seats = presences.keys.filter { self.group(of: $0) == group }.sorted()
        guard seats.count <= Self.largestGroup else { return [] }
        let activities = activities
        let time = (configuration.unixTimeAtZero + now.nanoseconds / 1_000_000) / 1000
        for seat in seats where presences[seat]?.activity.map({ $0.code == activities[seat] ?? 0 }) != true {
            presences[seat]?.activity = (activities[seat] ?? 0, time)
        }
        let users = seats.compactMap { seat in
            presences[seat].map { presence in
                Element(
                    "u",
                    [
                        "n": seat, "m": presence.mode, "s": String(presence.activity?.code ?? 0),
                        "b": String(presence.activity?.since ?? time),
                    ])
            }
        }
        let notice = Element("cc", ["a": "82", "n": group, "i": String(nextSerial())], users)
        return seats.flatMap { tell($0, notice, at: now) }
    }
}
