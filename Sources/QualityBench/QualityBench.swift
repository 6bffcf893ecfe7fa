import ArgumentParser
import Engine
import Foundation
import Media
import Peer
import Wire

/// How calls sound, for deploy/quality, deploy/impairments and deploy/mouth-to-ear.
@main
struct QualityBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [Speech.self, LiveEnd.self])
}

/// Sends speech through an impaired network in virtual time, and writes what is heard.
struct Speech: ParsableCommand {
    @Argument(help: "Speech: samples of 16 bits at 48 kHz, no header.")
    var speech: String
    @Argument(help: "Where what is heard is written to, in the same form.")
    var heard: String
    @Option(help: "opus, G722, PCMA or PCMU.")
    var codec = MediaCodec.opus
    @Flag(help: "Packets repeat the one before (RED).")
    var redundancy = false
    @Option(help: "The share of lost packets, in percent.")
    var loss = 0.0
    @Option(help: "How many packets are lost in a row, on average.")
    var burst = 1.0
    @Option(help: "The share of packets that come twice, in percent.")
    var duplication = 0.0
    @Option(help: "By how many milliseconds at most a packet is later than the fastest.")
    var jitter = 0.0
    @Flag(help: "Packets do not overtake each other.")
    var ordered = false
    @Option(help: "For how many milliseconds nothing gets through, every five seconds.")
    var blackout = 0
    @Option(help: "Which of the networks of this kind.")
    var seed: UInt64 = 1

    func run() throws {
        let bytes = try Data(contentsOf: URL(filePath: speech))
        let samples = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let network = ImpairedNetwork(
            loss: loss / 100, burst: burst, duplication: duplication / 100, jitter: .nanoseconds(Int64(jitter * 1e6)),
            keepsOrder: ordered, blackout: .milliseconds(blackout), seed: seed)
        let call = try VirtualCall(codec: codec, hasRedundancy: redundancy, over: network)
        let outcome = call.carry(samples)
        try outcome.heard.withUnsafeBytes { try Data($0).write(to: URL(filePath: heard)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let line = Line(outcome, seconds: Double(samples.count) / 48_000)
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}

extension MediaCodec: ExpressibleByArgument {}

/// Shares are in percent, times in milliseconds.
private struct Line: Encodable {
    let concealed: Double
    let delay: Double
    let late: UInt64
    let expectedLoss: Int
    /// Kilobits per second of payload.
    let rate: Double
    /// What the daemon would tell of the call.
    let score: Double?

    init(_ outcome: VirtualCall.Outcome, seconds: Double) {
        let playout = outcome.received.playout
        concealed = 100 * Double(playout.concealedSamples) / Double(max(1, playout.totalSamplesReceived))
        delay =
            Double(playout.jitterBufferDelay.nanoseconds) / 1e6 / Double(max(1, playout.jitterBufferEmittedCount))
        late = playout.latePackets
        expectedLoss = outcome.expectedLoss
        rate = Double(outcome.sent.bytesSent) * 8 / 1_000 / seconds
        score = CallQuality(outcome.received).meanOpinionScore
    }
}
