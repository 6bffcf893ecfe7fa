import Engine
import Foundation

/// Many calls for a long time: memory must not grow, and sound must flow to the end.
struct Soak {
    enum Failure: Error { case grows(kilobytes: Int), loses(packets: UInt64) }

    /// What the process may take more at the end than after the first minute: what the allocator keeps back.
    private static let tolerated = 4_096

    let calls: Calls
    let minutes: Int

    func run() async throws {
        try await calls.awaitConnection()
        print("minute   RSS kB   packets/s   not received")
        var first = 0
        var before = await calls.counters()
        for minute in 1...minutes {
            try await Task.sleep(for: .seconds(60))
            let now = await calls.counters()
            let memory = Self.residentKilobytes()
            if minute == 1 { first = memory }
            let sent = now.sent - before.sent
            // What was on its way when the counters were read is not lost.
            let lost = now.sent - min(now.sent, now.received)
            print(
                minute.formatted().padded(6), memory.formatted(.number.grouping(.never)).padded(8),
                (sent / 60).formatted(.number.grouping(.never)).padded(11), lost.formatted().padded(14))
            fflush(stdout)
            before = now
        }
        let growth = Self.residentKilobytes() - first
        guard growth <= Self.tolerated else { throw Failure.grows(kilobytes: growth) }
        let lost = before.sent - min(before.sent, before.received)
        guard lost * 1_000 < before.sent else { throw Failure.loses(packets: lost) }
    }

    private static func residentKilobytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE)) / 1_024
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
