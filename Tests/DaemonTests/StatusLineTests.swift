import ControlAPI
import Seat
import Synchronization
import Testing

@testable import Daemon

@Suite("The status line")
struct StatusLineTests {
    private func standing(_ number: String?, _ registration: String, _ state: SeatState = .offline) -> Seat.Standing {
        Seat.Standing(extensionNumber: number, registration: registration, state: state)
    }

    @Test("Of one seat it says who, how it is registered and what it does")
    func one() {
        let lines = [
            standing("1001", "connecting"), standing("1001", "waiting"), standing("1001", "registering"),
            standing("1001", "registered", .idle), standing("1001", "registered", .talking),
            standing("1001", "failed"), standing("1001", "loggingOut"),
        ].map { StatusLine.text([.default: $0]) }
        #expect(
            lines == [
                "connecting as 1001", "waiting to connect as 1001", "registering as 1001", "registered as 1001, idle",
                "registered as 1001, in a call", "registration as 1001 failed", "logging 1001 out",
            ])
    }

    @Test("Of several it says how many, and it is told when it is another one")
    func several() throws {
        let told = Told()
        let line = StatusLine { text in told.lines.withLock { $0.append(text) } }
        let (anna, bert) = (try #require(SeatName("anna")), try #require(SeatName("bert")))
        line.changed(.default, to: standing(nil, "loggedOut"))
        line.changed(anna, to: standing("1001", "registered", .idle))
        line.changed(bert, to: standing("1002", "connecting"))
        line.changed(bert, to: standing("1002", "registering"))
        line.changed(anna, to: standing("1001", "registered", .held))
        line.changed(anna, to: standing(nil, "loggedOut"))
        line.changed(bert, to: standing(nil, "loggedOut"))
        #expect(
            told.lines.withLock(\.self) == [
                "registered as 1001, idle", "2 seats, 1 registered", "2 seats, 1 registered, 1 in calls",
                "registering as 1002", "logged out",
            ])
    }

    private final class Told: Sendable {
        let lines: Mutex<[String]> = Mutex([])
    }
}
