import Audio
import Crypto
import Engine
import Media
import Peer
import Wire

/// One side that speaks and one that listens, with everything between microphone and loudspeaker but sockets and clocks.
final class VirtualCall {
    struct Outcome {
        let heard: [Int16]
        let sent: Statistics
        let received: Statistics
        let expectedLoss: Int
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

    private let codec: MediaCodec
    /// One for each direction; even ones until the call is connected.
    private var networks: (forward: ImpairedNetwork, back: ImpairedNetwork)
    private let impaired: ImpairedNetwork
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var speaker: PeerConnection
    private var listener: PeerConnection
    private var underway: [Datagram] = []

    init(codec: MediaCodec, hasRedundancy: Bool, over network: ImpairedNetwork) throws {
        self.codec = codec
        impaired = network
        let even = ImpairedNetwork(
            loss: 0, burst: 1, duplication: 0, jitter: .zero, keepsOrder: true, blackout: .zero, seed: 0)
        networks = (even, even)
        let certificate = Certificate.selfSigned()
        speaker = Self.peer(codec, hasRedundancy, certificate, seed: 1)
        listener = Self.peer(codec, hasRedundancy, certificate, seed: 2)
        try connect()
    }

    private static func peer(
        _ codec: MediaCodec, _ hasRedundancy: Bool, _ certificate: Certificate, seed: UInt64
    ) -> PeerConnection {
        var configuration = PeerConnection.Configuration(
            certificate: certificate, codecs: [codec.negotiable], cname: "\(seed)")
        configuration.hasRedundancy = hasRedundancy
        configuration.hasNACK = true
        configuration.hasAudioLevel = true
        return PeerConnection(configuration: configuration, randomness: .seeded(seed))
    }

    /// What is heard of a speech while it lasts.
    func carry(_ speech: [Int16]) -> Outcome {
        networks = (impaired, impaired)
        let (microphone, loudspeaker) = (Microphone(speech), Loudspeaker())
        let buffers = MediaBuffers()
        let outgoing = OutgoingSound(
            source: microphone, codec: codec, wishes: speaker.negotiated?.wishes ?? ReceptionWishes(), in: buffers)
        let incoming = IncomingSound(sink: loudspeaker, codec: codec, in: buffers)
        while !microphone.isOver {
            outgoing.next(isMuted: false, expectedLoss: speaker.expectedLoss) { payload, ticks, level in
                speaker.sendAudio(payload, samples: ticks, level: level, at: now) { bytes, from, to in
                    send([UInt8](bytes), from: from, to: to)
                }
            }
            // The two sides' steps are 7 ms apart.
            run(for: .milliseconds(7))
            incoming.playFrame(from: &listener, at: now)
            run(for: .milliseconds(13))
        }
        return Outcome(
            heard: loudspeaker.heard, sent: speaker.statistics, received: listener.statistics,
            expectedLoss: speaker.expectedLoss)
    }

    private func connect() throws {
        speaker.setHostAddresses([Self.addresses.speaker])
        listener.setHostAddresses([Self.addresses.listener])
        let (answer, outputs) = try listener.createAnswer(toOffer: speaker.createOffer(at: now), at: now)
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
        guard underway.contains(where: { $0.arrivesAt <= now }) else { return }
        let due = underway.filter { $0.arrivesAt <= now }.sorted { $0.arrivesAt < $1.arrivesAt }
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
        let arrivals =
            to == Self.addresses.listener ? networks.forward.arrivals(of: now) : networks.back.arrivals(of: now)
        underway += arrivals.map { Datagram(bytes: bytes, from: from, to: to, arrivesAt: $0) }
    }
}
