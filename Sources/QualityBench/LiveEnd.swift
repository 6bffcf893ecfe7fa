import ArgumentParser
import Audio
import Crypto
import Engine
import Foundation
import Logging
import Peer
import Wire

/// One end of a real call, led by lines on standard input; what comes of it is told in lines on standard output.
///
/// `offer` has it make an offer, `answer OFFER` an answer, `accept ANSWER` has it take one; `move ADDRESS` tells it of another
/// address of the machine; `measure` has it tell what the call was like since the last time; at the end of input it hangs up.
/// It says `description SDP`, `restarts SDP`, `connected`, `failed` and `measured JSON`; descriptions are in Base64.
struct LiveEnd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "live")

    @Option(help: "The address to call from.")
    var address: String
    @Option(help: "opus, G722, PCMA or PCMU.")
    var codec = MediaCodec.opus
    @Option(help: "What is said, as the daemon calls its devices.")
    var microphone = "null"
    @Option(help: "Where what is heard goes.")
    var speaker = "null"
    @Option(help: "The sound server of those that are its.")
    var soundServer: String?

    func run() async throws {
        guard let own = IPAddress(address), let input = AudioDevice(microphone), let output = AudioDevice(speaker)
        else {
            throw ValidationError("no such address or device")
        }
        let server = SoundServer(
            address: soundServer, choice: SoundChoice(microphone: input.preferences, speaker: output.preferences))
        if soundServer != nil { server.start() }
        var logger = Logger(label: "live")
        logger.logLevel = .critical
        let path = MediaPath(
            configuration: .init(addresses: [own], certificate: .selfSigned(), codecs: [codec], cname: address),
            source: try input.makeSource(on: server), sink: try output.makeSink(on: server), logger: logger
        ) { event in
            switch event {
            case .connected: say("connected")
            case .restarts(let offer): say("restarts", encoded(offer.value))
            case .failed: say("failed")
            case .heard, .endedByPeer, .keyPressed, .closed: break
            }
        }
        for await line in Self.lines { try await obey(line, path) }
        await path.close()
        server.stop()
    }

    private func obey(_ line: String, _ path: MediaPath) async throws {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.dropFirst().first) {
        case ("offer", nil): say("description", encoded(try await path.offer()))
        case ("answer", let offer?): say("description", encoded(try await path.answer(offer: decoded(offer))))
        case ("accept", let answer?): try await path.accept(answer: decoded(answer))
        case ("move", let address?): await path.networkChanged(to: [IPAddress(address)].compactMap(\.self))
        case ("measure", nil):
            let json = try JSONEncoder().encode(Measured(await path.measure()))
            say("measured", String(decoding: json, as: UTF8.self))
        default: throw ValidationError(line)
        }
    }

    private static var lines: AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        return lines
    }
}

private func say(_ words: String...) {
    FileHandle.standardOutput.write(Data((words.joined(separator: " ") + "\n").utf8))
}

private func encoded(_ description: String) -> String { Data(description.utf8).base64EncodedString() }

private func decoded(_ text: String) -> String {
    String(decoding: Data(base64Encoded: text) ?? Data(), as: UTF8.self)
}

/// Shares are in percent, times in milliseconds.
private struct Measured: Encodable {
    let sent: UInt64
    let received: UInt64
    let loss: Double?
    let lateLoss: Double?
    let jitter: Double?
    let concealed: Double?
    let bufferDelay: Double?
    let roundTripTime: Double?
    let score: Double?

    init(_ statistics: MediaPath.Statistics) {
        let quality = statistics.quality
        sent = statistics.packetsSent
        received = quality.received.packets
        loss = quality.received.loss.map { 100 * $0 }
        lateLoss = quality.received.lateLoss.map { 100 * $0 }
        jitter = quality.received.jitter.map { $0 / .milliseconds(1) }
        concealed = quality.received.concealed.map { 100 * $0 }
        bufferDelay = quality.received.bufferDelay.map { $0 / .milliseconds(1) }
        roundTripTime = quality.roundTripTime.map { $0 / .milliseconds(1) }
        score = quality.meanOpinionScore
    }
}
