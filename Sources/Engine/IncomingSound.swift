import Audio
import Media
import Peer
import Wire

extension AudioDecoder: SpeechDecoder {
    package mutating func begin(_ format: PayloadFormat) {
        self = AudioDecoder(MediaCodec(format).audio(ReceptionWishes()))
    }
}

/// From the peer to the sink, one frame at a time, in buffers that live as long as the codec does.
package final class IncomingSound {
    private let sink: any AudioSink
    private var decoder: AudioDecoder
    /// What was heard last.
    private(set) var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var meter = ToneMeter()

    package init(sink: any AudioSink, codec: MediaCodec) {
        self.sink = sink
        decoder = AudioDecoder(codec.audio(ReceptionWishes()))
    }

    /// Level and frequency of what is heard.
    var reading: ToneMeter.Reading { meter.reading }

    /// Plays the next 20 ms, which are due now.
    package func playFrame(from peer: inout PeerConnection, at now: Instant) {
        var samples = frame.mutableSpan
        peer.playAudio(into: &samples, with: &decoder, at: now)
        let heard = frame
        meter.add(heard.span)
        sink.write(heard.span)
    }
}
