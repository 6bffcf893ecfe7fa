import ControlAPI
import Wire

/// What a `registration` event says, as `failed: 503 Service Unavailable, next try at 08:53:40Z`.
enum RegistrationWording {
    static func words(_ step: JSON) -> String {
        let (connection, registrar) = (step["connection"], step["registrar"])
        let gateway = connection?["gateway"]?.string ?? "?"
        let failure = connection?["failure"]?.string
        switch step["registration"]?.string {
        case "connecting": return ["connecting to \(gateway)", failure].compactMap(\.self).joined(separator: "; ")
        case "waiting": return "not connected: \(failure ?? "?") \(time("Next try at", connection?["nextTryAt"]) ?? "")"
        case "registering": return "registering at \(gateway)"
        case "registered":
            let until = time("registered until", registrar?["until"]) ?? "registered"
            return registrar?["state"] == "refreshing" ? "refreshing, \(until)" : until
        case "failed":
            let status = [registrar?["status"]?.lenientString, registrar?["reason"]?.string]
            let reason = status.compactMap(\.self).joined(separator: " ")
            let times = [
                time("registered until", registrar?["until"]), time("next try at", registrar?["nextTryAt"]),
            ]
            return (["failed: \(reason)"] + times.compactMap(\.self)).joined(separator: ", ")
        case "loggingOut": return "logging out"
        case "loggedOut": return "logged out"
        case let word: return word ?? "?"
        }
    }

    /// In UTC, as the times of the events.
    private static func time(_ words: String, _ unixSeconds: JSON?) -> String? {
        guard let seconds = unixSeconds?.lenientInteger, 0..<253_402_300_800 ~= seconds else { return nil }
        let text = rfc3339(unixMilliseconds: seconds * 1000)
        return "\(words) \(text.dropFirst("2000-01-01T".count).prefix("00:00:00".count))Z"
    }
}
