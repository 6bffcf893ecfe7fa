import ArgumentParser
import Audio
import Engine
import Foundation
import Media

/// Sends speech through an impaired network in virtual time, and writes what is heard, for deploy/quality.
@main
struct QualityBench: ParsableCommand {
    @Argument(help: "Speech: samples of 16 bits at 48 kHz, no header.")
    var speech: String
    @Argument(help: "Where what is heard is written to, in the same form.")
    var heard: String
    @Option(help: "opus, PCMA or PCMU.")
    var codec = MediaCodec.opus
    @Option(help: "The share of lost packets, in percent.")
    var loss = 0.0
    @Option(help: "By how many milliseconds at most a packet is later than the fastest.")
    var jitter = 0.0
    @Flag(help: "Packets do not overtake each other.")
    var ordered = false
    @Option(help: "The encoder's expected loss, in percent, instead of what reports say.")
    var expected: Int?
    @Option(help: "The encoder's complexity.")
    var complexity = 5
    @Option(help: "Which of the networks of this kind.")
    var seed: UInt64 = 1

    func run() throws {
        let bytes = try Data(contentsOf: URL(filePath: speech))
        let samples = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let impairment = VirtualCall.Impairment(
            loss: loss / 100, jitter: .nanoseconds(Int64(jitter * 1e6)), keepsOrder: ordered, seed: seed)
        let call = try VirtualCall(codec: codec, complexity: complexity, expectedLoss: expected, impairment: impairment)
        let (sound, statistics) = call.carry(samples)
        try sound.withUnsafeBytes { try Data($0).write(to: URL(filePath: heard)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(Line(statistics, call.expectedLoss)), as: UTF8.self))
    }
}

extension MediaCodec: ExpressibleByArgument {}

/// Shares are in percent, times in milliseconds.
private struct Line: Encodable {
    let concealed: Double
    let delay: Double
    let recovered: UInt64
    let late: UInt64
    let expectedLoss: Int

    init(_ statistics: PlayoutStatistics, _ expectedLoss: Int) {
        concealed = 100 * Double(statistics.concealedSamples) / Double(max(1, statistics.totalSamplesReceived))
        let delay = statistics.jitterBufferDelay / Double(max(1, statistics.jitterBufferEmittedCount))
        self.delay = Double(delay.components.attoseconds) / 1e15
        recovered = statistics.recoveredFrames
        late = statistics.latePackets
        self.expectedLoss = expectedLoss
    }
}
