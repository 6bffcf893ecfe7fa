import Engine
import Foundation

/// Many calls for a long time: the memory stays what it is, and no packet gets lost.
struct Soak {
    enum Failure: Error {
        /// What the process took at the end, and after half the time.
        case memoryHasGrown(megabytes: Double, from: Double)
        case packetsLost([Int64])
    }

    /// How much more memory the second half may take than the first.
    private static let tolerance = 1.03
    private static let interval = Duration.seconds(30)

    let calls: Calls
    let minutes: Int

    func run() async throws {
        try await calls.awaitConnection()
        print("minutes   RSS in MB   packets a second   lost")
        var readings = [Self.residentMegabytes()]
        let start = ContinuousClock.now
        var before = (time: start, received: await calls.counters().received)
        for number in 1...2 * minutes {
            try await Task.sleep(until: start + Self.interval * number, clock: .continuous)
            readings.append(Self.residentMegabytes())
            let now = (time: ContinuousClock.now, received: await calls.counters().received)
            let rate = Double(now.received - before.received) / ((now.time - before.time) / .seconds(1))
            let lost = await calls.packetsLost.reduce(0, +)
            print(String(format: "%7.1f%12.1f%19.0f%7d", Double(number) / 2, readings[number], rate, lost))
            fflush(nil)
            before = now
        }
        let lost = await calls.packetsLost.filter { $0 > 0 }
        await calls.close()
        guard lost.isEmpty else { throw Failure.packetsLost(lost) }
        let (half, end) = (readings[minutes], readings[2 * minutes])
        guard end <= half * Self.tolerance else { throw Failure.memoryHasGrown(megabytes: end, from: half) }
    }

    private static func residentMegabytes() -> Double {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        let pages = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
        return Double(pages * sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
    }
}
