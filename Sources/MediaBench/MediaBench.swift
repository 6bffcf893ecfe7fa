import ArgumentParser
import Engine
import Foundation

/// What a second of a call costs, and what it cannot cost less than; one JSON object a line, for deploy/bench-media.
@main
struct MediaBench: AsyncParsableCommand {
    @Option(help: "opus, PCMA or PCMU.")
    var codec = MediaCodec.opus
    @Option(help: "How many calls at once, each with both its ends in this process.")
    var calls = 1
    @Option(help: "How often to measure each, for two seconds.")
    var rounds = 3
    @Option(help: "Keeps the calls up for so many minutes and watches over the memory instead.")
    var soak: Int?
    @Option(help: "Measures how long that many calls take to connect instead.")
    var connect: Int?

    func run() async throws {
        if let connect {
            print(try await Connecting.median(of: connect) / .milliseconds(1))
            return
        }
        if let soak {
            return try await Soak(calls: Calls(count: calls, codec: codec), minutes: soak).run()
        }
        let floor = try Floor(codec, ends: 2 * calls)
        var line = Line(codec: codec.rawValue, calls: calls)
        for _ in 0..<rounds { try await line.add(floor, Calls(count: calls, codec: codec), rounds: rounds) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}

extension MediaCodec: ExpressibleByArgument {}

/// Processor time is in milliseconds for a second of one end of a call, which sends and receives; the mean of the rounds.
private struct Line: Encodable {
    private static let seconds = 2

    let codec: String
    let calls: Int
    var profile = ""
    var floor = 0.0
    var floorAtPace = 0.0
    var floorWithSockets = 0.0
    var phonebard = 0.0
    var floorAllocationsPerFrame = 0.0
    var allocationsPerFrame = 0.0
    var usualAllocationsPerFrame = 0.0
    var sent: UInt64 = 0
    var lost: Int64 = 0

    init(codec: String, calls: Int) {
        (self.codec, self.calls) = (codec, calls)
    }

    /// Measures one after the other, as the processor's clock changes from one moment to another.
    mutating func add(_ libraries: Floor, _ calls: Calls, rounds: Int) async throws {
        let share = 1 / Double(rounds)
        let result = try await calls.measure(seconds: Self.seconds)
        profile = result.profile
        phonebard += share * result.cpuPerSecond * 1_000
        allocationsPerFrame += share * result.allocationsPerFrame
        usualAllocationsPerFrame += share * result.usualAllocationsPerFrame
        sent += result.packetsSent
        lost += result.packetsLost
        floorAtPace += share * libraries.atPace(seconds: Self.seconds) * 1_000
        floorWithSockets += share * libraries.withSockets(seconds: Self.seconds) * 1_000
        let alone = try libraries.alone(frames: 50 * 20)
        floor += share * alone.cpuPerSecond * 1_000
        floorAllocationsPerFrame += share * alone.allocationsPerFrame
    }
}
