import ArgumentParser
import ControlAPI
import Daemon
import Foundation
import Journal
import Logging
import Network
import Wire

/// What one journalled event costs.
struct Keep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keep", abstract: "The cost of one event of 300 bytes, on the seat's queue and in all.")

    @Option(help: "Where the journal is made; the disk matters.")
    var folder = "."

    func run() async throws {
        let path = folder + "/event-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let stream = try EventStream(
            journal: Journal.Configuration(path: path + "/journal.sqlite"),
            logger: Logger(label: "bench", level: .error))
        await oneByOne(stream, count: 2000)
        await together(stream, count: 50_000)
        await stream.close()
    }

    /// Each event is a batch of its own, as on a quiet day.
    private func oneByOne(_ stream: EventStream, count: Int) async {
        var times: [Double] = []
        let before = Self.clock(CLOCK_PROCESS_CPUTIME_ID)
        for number in 0..<count {
            let start = Self.clock(CLOCK_MONOTONIC)
            stream.publish(Self.content(number), seat: "default", at: .now)
            await stream.settled()
            times.append(Self.clock(CLOCK_MONOTONIC) - start)
        }
        let spent = Self.clock(CLOCK_PROCESS_CPUTIME_ID) - before
        times.sort()
        show(
            "one by one",
            [
                "p50 ms": times.percentile(0.5) * 1e3, "p99 ms": times.percentile(0.99) * 1e3,
                "CPU µs an event": spent / Double(count) * 1e6,
            ])
    }

    /// Events come faster than the disk takes them and share its transactions.
    private func together(_ stream: EventStream, count: Int) async {
        let contents = (0..<count).map(Self.content)
        let all = Self.clock(CLOCK_PROCESS_CPUTIME_ID)
        let start = Self.clock(CLOCK_MONOTONIC)
        let own = Self.publish(contents, to: stream)
        await stream.settled()
        let elapsed = Self.clock(CLOCK_MONOTONIC) - start
        let spent = Self.clock(CLOCK_PROCESS_CPUTIME_ID) - all
        show(
            "together",
            [
                "events/s": Double(count) / elapsed, "CPU µs an event": spent / Double(count) * 1e6,
                "of that on the seat's queue": own / Double(count) * 1e6,
            ])
    }

    private static func publish(_ contents: [Event.Content], to stream: EventStream) -> Double {
        let before = clock(CLOCK_THREAD_CPUTIME_ID)
        for content in contents { stream.publish(content, seat: "default", at: .now) }
        return clock(CLOCK_THREAD_CPUTIME_ID) - before
    }

    /// Like a `newPBXCall`, 300 bytes with its envelope.
    private static func content(_ number: Int) -> Event.Content {
        let data: JSON = [
            "ccNumber": .string("20261124-\(number)"), "callerNumber": "13800138000", "calledNumber": "02566699734",
            "direction": "in", "groupName": "售前咨询", "state": .integer(3), "startedAt": .integer(1_764_000_000_000),
        ]
        return Event.Content(.callEvent, type: "newPBXCall", data: data)
    }

    private static func clock(_ id: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(id, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension Logger {
    init(label: String, level: Logger.Level) {
        self.init(label: label)
        logLevel = level
    }
}
