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
    @Option(help: "For how long to measure.")
    var seconds = 5
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
        let floor = Floor(codec: codec, ends: 2 * calls)
        let before = try floor.alone(frames: seconds * 100)
        let withSockets = floor.withSockets(seconds: seconds)
        let atPace = floor.atPace(seconds: seconds)
        let result = try await Calls(count: calls, codec: codec).measure(seconds: seconds)
        let after = try floor.alone(frames: seconds * 100)
        let line = Line(
            codec: codec.rawValue, calls: calls, profile: result.profile,
            floor: (before.cpuPerSecond + after.cpuPerSecond) / 2 * 1_000, floorAtPace: atPace * 1_000,
            floorWithSockets: withSockets * 1_000, phonebard: result.cpuPerSecond * 1_000,
            floorAllocationsPerFrame: before.allocationsPerFrame, allocationsPerFrame: result.allocationsPerFrame,
            usualAllocationsPerFrame: result.usualAllocationsPerFrame,
            sent: result.packetsSent, lost: result.packetsLost)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}

extension MediaCodec: ExpressibleByArgument {}

/// Processor time is in milliseconds for a second of one end of a call, which sends and receives.
private struct Line: Encodable {
    let codec: String
    let calls: Int
    let profile: String
    let floor: Double
    let floorAtPace: Double
    let floorWithSockets: Double
    let phonebard: Double
    let floorAllocationsPerFrame: Double
    let allocationsPerFrame: Double
    let usualAllocationsPerFrame: Double
    let sent: UInt64
    let lost: Int64
}
