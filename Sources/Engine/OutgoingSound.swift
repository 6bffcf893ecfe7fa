import Audio

/// From the source to payloads, one frame at a time, in buffers that live as long as the codec does.
final class OutgoingSound {
    private let source: any AudioSource
    private var encoder: AudioEncoder
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
    private var meter = ToneMeter()

    init(source: any AudioSource, codec: MediaCodec) {
        self.source = source
        encoder = AudioEncoder(codec.audio)
    }

    /// Level and frequency of what is sent, which is silence while muted.
    var reading: ToneMeter.Reading { meter.reading }

    /// The source is read even when muted, so that it has nothing old to say afterwards.
    func next(isMuted: Bool, expectedLoss: Int, _ body: (_ payload: Span<UInt8>) -> Void) {
        var samples = frame.mutableSpan
        source.read(into: &samples)
        if isMuted { samples.update(repeating: 0) }
        let said = frame
        meter.add(said.span)
        encoder.expect(loss: expectedLoss)
        var octets = payload.mutableSpan
        let length = encoder.encode(said.span, into: &octets)
        let encoded = payload
        body(encoded.span.extracting(first: length))
    }
}
