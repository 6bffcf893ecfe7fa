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

    @Test(
        "a failure says why, what still stands and when it goes on, in none of the registrar's words",
        arguments: [
            (Registration.Failure.rejected(status: 503, reason: "sip:1006@a is busy"), 70, 20, "status 503", "in 20 s"),
            (.timedOut, nil, 2, "no answer", "in 2 s"), (.transport, nil, nil, "connection lost", "reconnected"),
            (.rejected(status: 403, reason: "Forbidden"), nil, nil, "status 403", "no"),
        ])
    func failures(_ failure: Registration.Failure, until: Int?, retry: Int?, why: String, when: String) {
        let text = line(.failed(failure, until: until.map(at), retry: retry.map(at)))
        for part in [
            "\"state\": failed", "\"reason\": \(why)", "\"retry\": \(when)",
            "\"bound\": \(until.map { "for \($0) s" } ?? "no")",
        ] { #expect(text.contains(part)) }
        #expect(!text.contains("1006"))
    }
}
