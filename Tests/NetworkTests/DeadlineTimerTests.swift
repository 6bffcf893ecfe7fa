import Network
import Testing
import Wire

private actor Clock {
    private let executor = QueueExecutor(label: "clock")
    private let mailbox: Mailbox<String>
    private var timers: [String: DeadlineTimer] = [:]

    init(_ mailbox: Mailbox<String>) {
        self.mailbox = mailbox
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func set(_ settings: [(name: String, delay: Duration?)]) {
        let now = MonotonicClock.now
        for (name, delay) in settings {
            let mailbox = mailbox
            let timer = timers[name] ?? DeadlineTimer(on: executor) { mailbox.post(name) }
            timers[name] = timer
            timer.deadline = delay.map { now + $0 }
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct DeadlineTimerTests {
    @Test("Timers fire in the order of the deadlines they were last set to, each once")
    func order() async throws {
        let mailbox = Mailbox<String>()
        let clock = Clock(mailbox)
        await clock.set([
            ("later", .milliseconds(1)), ("sooner", .seconds(60)), ("never", .milliseconds(1)),
            ("later", .milliseconds(150)), ("sooner", .milliseconds(50)), ("never", nil), ("past", .seconds(-1)),
        ])
        #expect(try await mailbox.next() == "past")
        #expect(try await mailbox.next() == "sooner")
        #expect(try await mailbox.next() == "later")
        await clock.set([("never", .milliseconds(1))])
        #expect(try await mailbox.next() == "never")
    }
}
