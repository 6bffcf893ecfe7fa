import Audio
import Crypto
import Engine
import Media
import Peer
import Wire

/// One side that speaks and one that listens, with everything between microphone and loudspeaker but sockets and clocks.
final class VirtualCall {
    struct Impairment {
        var loss: Double
        var jitter: Duration
        var keepsOrder: Bool
        var seed: UInt64
    }

    private struct Datagram {
        let bytes: [UInt8]
        let from: Endpoint
        let to: Endpoint
        let arrivesAt: Instant
    }

    private static let addresses = (
        speaker: Endpoint(.v4(0xC000_0201), port: 5_000), listener: Endpoint(.v4(0xC000_0202), port: 6_000)
    )
    private static let delay = Duration.milliseconds(30)

    private let codec: MediaCodec
    private let impairment: Impairment
    private let fixedLoss: Int?
    private var randomness: Randomness
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var speaker: PeerConnection
    private var listener: PeerConnection
    private var encoder: AudioEncoder
    private var decoder: AudioDecoder
    private var underway: [Datagram] = []
    private var isImpaired = false
    private var latest = Instant(nanoseconds: 0)

    init(codec: MediaCodec, complexity: Int, expectedLoss: Int?, impairment: Impairment) throws {
        self.codec = codec
        self.impairment = impairment
        fixedLoss = expectedLoss
        randomness = .seeded(impairment.seed)
        let certificate = Certificate.selfSigned()
        speaker = PeerConnection(
            configuration: .init(certificate: certificate, codecs: [codec.negotiable], cname: "a"),
            randomness: .seeded(1))
        listener = PeerConnection(
            configuration: .init(certificate: certificate, codecs: [codec.negotiable], cname: "b"),
            randomness: .seeded(2))
        var audio = codec.audio
        if case .opus(var settings) = audio {
            settings.complexity = Int32(complexity)
            audio = .opus(settings)
        }
        encoder = AudioEncoder(audio)
        decoder = AudioDecoder(audio)
        try connect()
    }

    var expectedLoss: Int { fixedLoss ?? speaker.expectedLoss }

    /// What is heard of a speech, as long as that is and a little later.
    func carry(_ speech: [Int16]) -> (heard: [Int16], statistics: PlayoutStatistics) {
        isImpaired = true
        let length = AudioFormat.samplesPerFrame
        var heard: [Int16] = []
        heard.reserveCapacity(speech.count)
        var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
        var frame = [Int16](repeating: 0, count: length)
        for start in stride(from: 0, through: speech.count - length, by: length) {
            encoder.expect(loss: expectedLoss)
            var octets = payload.mutableSpan
            let count = encoder.encode(speech.span.extracting(start..<start + length), into: &octets)
            speaker.sendAudio(payload.span.extracting(first: count), samples: codec.ticksPerFrame, at: now) {
                bytes, from, to in
                send([UInt8](bytes), from: from, to: to)
            }
            // The two sides' steps are 7 ms apart.
            run(for: .milliseconds(7))
            var samples = frame.mutableSpan
            listener.playAudio(into: &samples, with: &decoder, at: now)
            heard += frame
            run(for: .milliseconds(13))
        }
        return (heard, listener.statistics.playout)
    }

    private func connect() throws {
        let offer = speaker.createOffer(hostCandidates: [Self.addresses.speaker], at: now)
        let (answer, outputs) = try listener.createAnswer(
            toOffer: offer, hostCandidates: [Self.addresses.listener], at: now)
        perform(outputs)
        perform(try speaker.acceptAnswer(answer, at: now))
        run(for: .seconds(1))
        precondition(speaker.state == .connected && listener.state == .connected)
    }

    private func run(for duration: Duration) {
        let end = now + duration
        while now < end {
            now = now + .milliseconds(1)
            deliver()
            if let deadline = speaker.deadline, deadline <= now { perform(speaker.handle(.deadlineReached, at: now)) }
            if let deadline = listener.deadline, deadline <= now { perform(listener.handle(.deadlineReached, at: now)) }
        }
    }

    private func deliver() {
        let due = underway.filter { $0.arrivesAt <= now }.sorted { $0.arrivesAt < $1.arrivesAt }
        guard !due.isEmpty else { return }
        underway.removeAll { $0.arrivesAt <= now }
        for datagram in due {
            var bytes = datagram.bytes
            var span = bytes.mutableSpan
            let (from, to) = (datagram.from, datagram.to)
            perform(
                to == Self.addresses.speaker
                    ? speaker.receive(&span, from: from, to: to, at: datagram.arrivesAt)
                    : listener.receive(&span, from: from, to: to, at: datagram.arrivesAt))
        }
    }

    private func perform(_ outputs: [PeerConnection.Output]) {
        for case .transmit(let bytes, let from, let to) in outputs { send(bytes, from: from, to: to) }
    }

    private func send(_ bytes: [UInt8], from: Endpoint, to: Endpoint) {
        var arrival = now + Self.delay
        if isImpaired {
            let (lost, late) = (
                Double.random(in: 0..<1, using: &randomness), Double.random(in: 0...1, using: &randomness)
            )
            guard lost >= impairment.loss else { return }
            arrival = arrival + .nanoseconds(Int64(Double(impairment.jitter.nanoseconds) * late))
            if impairment.keepsOrder, to == Self.addresses.listener {
                arrival = max(arrival, latest)
                latest = arrival
            }
        }
        underway.append(Datagram(bytes: bytes, from: from, to: to, arrivesAt: arrival))
    }
}
