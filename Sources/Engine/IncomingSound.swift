import Audio
import Peer

/// From payloads to the sink, one frame at a time, in a buffer that lives as long as the codec does.
final class IncomingSound {
    private let sink: any AudioSink
    private let codec: MediaCodec
    private var decoder: AudioDecoder
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var meter = ToneMeter()

    init(sink: any AudioSink, codec: MediaCodec) {
        self.sink = sink
        self.codec = codec
        decoder = AudioDecoder(codec.audio)
    }

    /// Level and frequency of what is heard.
    var reading: ToneMeter.Reading { meter.reading }

    func play(_ playout: PeerConnection.Playout, _ payload: Span<UInt8>) {
        var samples = frame.mutableSpan
        switch playout {
        case .frame(codec.negotiable): decoder.decode(payload, into: &samples)
        case .missing(codec.negotiable): decoder.conceal(next: payload, into: &samples)
        case .frame, .missing, .empty: samples.update(repeating: 0)
        }
        let heard = frame
        meter.add(heard.span)
        sink.write(heard.span)
    }
}
