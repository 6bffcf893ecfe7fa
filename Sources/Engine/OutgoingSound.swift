import Audio
import Media
import Peer

/// From the source to payloads, one frame at a time.
package final class OutgoingSound {
    private let source: any AudioSource
    private let buffers: MediaBuffers
    private var codec: MediaCodec
    private var encoder: AudioEncoder
    /// What one packet holds; the peer may wish for more or less than a frame.
    private var samplesPerPacket: Int
    private var wantsRedundancy: Bool
    private var gathered: [Int16] = []
    private var meter = ToneMeter()

    package init(source: any AudioSource, codec: MediaCodec, wishes: ReceptionWishes, in buffers: MediaBuffers) {
        self.source = source
        self.buffers = buffers
        self.codec = codec
        encoder = AudioEncoder(codec.audio(wishes))
        wantsRedundancy = wishes.forwardErrorCorrection
        samplesPerPacket = wishes.packetTime * AudioFormat.sampleRate / 1_000
        gathered.reserveCapacity(max(samplesPerPacket, AudioFormat.samplesPerFrame))
    }

    /// Speaks in another way from the next packet on.
    func change(to codec: MediaCodec, wishes: ReceptionWishes) {
        self.codec = codec
        encoder = AudioEncoder(codec.audio(wishes))
        wantsRedundancy = wishes.forwardErrorCorrection
        samplesPerPacket = wishes.packetTime * AudioFormat.sampleRate / 1_000
        gathered.removeAll(keepingCapacity: true)
        gathered.reserveCapacity(max(samplesPerPacket, AudioFormat.samplesPerFrame))
    }

    /// Level and frequency of what is sent, which is silence while muted.
    var reading: ToneMeter.Reading { meter.reading }

    /// Hands over the packets that are full with the next frame, each with its length in ticks of the RTP clock.
    ///
    /// The source is read even when muted, so that it has nothing old to say afterwards.
    package func next(
        isMuted: Bool, expectedLoss: Int,
        _ body: (_ payload: Span<UInt8>, _ ticks: UInt32, _ level: AudioLevel) -> Void
    ) {
        var said = exchange(&buffers.said, with: [])
        defer { buffers.said = said }
        var samples = said.mutableSpan
        // What another call has left there stays there, whatever the source does.
        samples.update(repeating: 0)
        source.read(into: &samples)
        if isMuted { samples.update(repeating: 0) }
        meter.add(said.span)
        if samplesPerPacket == said.count { return encode(said.span, expectedLoss, body) }
        said.withUnsafeBufferPointer { gathered.append(contentsOf: $0) }
        guard gathered.count >= samplesPerPacket else { return }
        var waiting = exchange(&gathered, with: [])
        for start in stride(from: 0, to: waiting.count, by: samplesPerPacket) {
            encode(waiting.span.extracting(start..<start + samplesPerPacket), expectedLoss, body)
        }
        waiting.removeAll(keepingCapacity: true)
        gathered = waiting
    }

    private func encode(
        _ sound: Span<Int16>, _ expectedLoss: Int,
        _ body: (_ payload: Span<UInt8>, _ ticks: UInt32, _ level: AudioLevel) -> Void
    ) {
        encoder.expect(loss: wantsRedundancy ? expectedLoss : 0)
        var payload = exchange(&buffers.payload, with: [])
        defer { buffers.payload = payload }
        var octets = payload.mutableSpan
        let length = encoder.encode(sound, into: &octets)
        body(
            payload.span.extracting(first: length), UInt32(samplesPerPacket / codec.samplesPerTick),
            AudioLevel(of: sound))
    }
}
