import Audio
import CAllocations
import Crypto
import Engine
import Logging
import Synchronization
import Wire

/// Calls between pairs of media paths over loopback.
struct Calls {
    struct Result {
        let profile: String
        let cpuPerSecond: Double
        let allocationsPerFrame: Double
        /// Without those of RTCP and ICE.
        let usualAllocationsPerFrame: Double
        let packetsSent: UInt64
        let packetsLost: Int64
    }

    enum Failure: Error { case notConnected }

    private let paths: [MediaPath]

    init(count: Int, codec: MediaCodec) async throws {
        let certificate = Certificate.selfSigned()
        let ends = (0..<2 * count).map { Self.makePath(number: $0, codec: codec, certificate: certificate) }
        for index in stride(from: 0, to: ends.count, by: 2) {
            let answer = try await ends[index + 1].answer(offer: try await ends[index].offer())
            try await ends[index].accept(answer: answer)
        }
        paths = ends
    }

    private static func makePath(number: Int, codec: MediaCodec, certificate: Certificate) -> MediaPath {
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        return MediaPath(
            configuration: .init(
                addresses: [.loopback4], certificate: certificate, codecs: [codec], cname: "\(number)"),
            source: PreparedTone(), sink: NullDevice(), logger: logger, onEvent: { _ in })
    }

    /// Measures once every call is connected and has settled for a second.
    func measure(seconds: Int) async throws -> Result {
        try await awaitConnection()
        try await Task.sleep(for: .seconds(1))
        let before = await counters()
        let (cpu, allocations, frames) = (processorTime(), phonebard_allocation_count(), framesRead)
        try await Task.sleep(for: .seconds(seconds))
        let spent = processorTime() - cpu
        let allocated = phonebard_allocation_count() - allocations
        let end = framesRead
        let passed = Double(end - frames)
        let after = await counters()
        let lost = await packetsLost.reduce(0, +)
        await close()
        return Result(
            profile: after.profile, cpuPerSecond: spent / passed * 50, allocationsPerFrame: Double(allocated) / passed,
            usualAllocationsPerFrame: PreparedTone.usualAllocations(in: frames..<end),
            packetsSent: after.sent - before.sent, packetsLost: lost)
    }

    private var framesRead: Int { PreparedTone.framesRead.load(ordering: .relaxed) }

    func awaitConnection() async throws {
        for path in paths {
            var patience = 1_000
            while await !path.statistics().isConnected {
                patience -= 1
                guard patience > 0 else { throw Failure.notConnected }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    func close() async {
        for path in paths { await path.close() }
    }

    /// Of each end that has received any.
    var packetsLost: [Int64] {
        get async {
            var lost: [Int64] = []
            for path in paths { lost.append(await path.statistics().packetsLost) }
            return lost
        }
    }

    func counters() async -> (sent: UInt64, received: UInt64, profile: String) {
        var sum: (sent: UInt64, received: UInt64, profile: String) = (0, 0, "")
        for path in paths {
            let statistics = await path.statistics()
            sum.sent += statistics.packetsSent
            sum.received += statistics.packetsReceived
            sum.profile = statistics.srtpProfile ?? ""
        }
        return sum
    }
}
