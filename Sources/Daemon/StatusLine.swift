import ControlAPI
import Seat
import Synchronization

/// The line about the seats that `systemctl status` shows; told whenever it is another one.
final class StatusLine: Sendable {
    private let standings: Mutex<[SeatName: Seat.Standing]> = Mutex([:])
    private let tell: @Sendable (String) -> Void

    init(tell: @escaping @Sendable (String) -> Void) {
        self.tell = tell
    }

    func changed(_ seat: SeatName, to standing: Seat.Standing) {
        standings.withLock { standings in
            let before = Self.text(standings)
            standings[seat] = standing.extensionNumber == nil ? nil : standing
            let text = Self.text(standings)
            if text != before { tell(text) }
        }
    }

    static let nobody = "logged out"

    /// - Parameter standings: of those seats that somebody is logged in at.
    static func text(_ standings: [SeatName: Seat.Standing]) -> String {
        let all = standings.values
        guard all.count > 1 else { return all.first.map(\.text) ?? nobody }
        let registered = all.count { $0.registration == "registered" }
        let inCalls = all.count { [.talking, .held].contains($0.state) }
        return "\(all.count) seats, \(registered) registered" + (inCalls > 0 ? ", \(inCalls) in calls" : "")
    }
}

extension Seat.Standing {
    fileprivate var text: String {
        let who = extensionNumber ?? ""
        let registration =
            switch registration {
            case "failed": "registration as \(who) failed"
            case "waiting": "waiting to connect as \(who)"
            case "loggingOut": "logging \(who) out"
            case let word: "\(word) as \(who)"
            }
        return registration + activity
    }

    private var activity: String {
        switch state {
        case .offline: ""
        case .idle: ", idle"
        case .busy: ", busy"
        case .ringing: ", a call rings"
        case .talking: ", in a call"
        case .held: ", holding a call"
        }
    }
}
