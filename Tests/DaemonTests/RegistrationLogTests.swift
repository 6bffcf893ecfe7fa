import SIP
import Seat
import Testing
import Wire

@testable import Daemon

@Suite("What the log says of the registration")
struct RegistrationLogTests {
    private func line(_ state: Registration.State) -> String {
        let log = RecordedLog()
        log.logger.log(.registration(state, at: Instant(nanoseconds: 0)))
        return log.text
    }

    private func at(_ seconds: Int) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test("each step is a line")
    func steps() {
        let steps: [(Registration.State, String)] = [
            (.registering, "registering"), (.registered(until: at(300)), "registered"),
            (.refreshing(until: at(75)), "refreshing"), (.unregistering, "unregistering"),
            (.unregistered, "unregistered"),
        ]
        for (state, name) in steps { #expect(line(state) == "registration [\"state\": \(name)]") }
    }

    private struct Case {
        var failure: Registration.Failure
        var until: Int?
        var retry: Int?
        var says: [String]
    }

    @Test("a failure says why, what still stands and when it goes on, in none of the registrar's words")
    func failures() {
        let cases = [
            Case(
                failure: .rejected(status: 503, reason: "sip:1006@a is busy"), until: 70, retry: 20,
                says: ["\"reason\": status 503", "\"bound\": for 70 s", "\"retry\": in 20 s"]),
            Case(failure: .timedOut, retry: 2, says: ["\"reason\": no answer", "\"retry\": in 2 s"]),
            Case(failure: .transport, says: ["\"reason\": connection lost", "\"retry\": reconnected"]),
            Case(
                failure: .rejected(status: 403, reason: "Forbidden"),
                says: ["\"reason\": status 403", "\"bound\": no", "\"retry\": no"]),
        ]
        for one in cases {
            let text = line(.failed(one.failure, until: one.until.map(at), retry: one.retry.map(at)))
            for part in one.says + ["\"state\": failed"] { #expect(text.contains(part)) }
            #expect(!text.contains("1006"))
        }
    }
}
