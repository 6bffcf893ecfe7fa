import Audio
import Media
import Peer
import Wire

extension AudioDecoder: SpeechDecoder {
    package mutating func begin(_ format: PayloadFormat) {
        self = AudioDecoder(MediaCodec(format).audio(ReceptionWishes()))
    }
}

/// From the peer to the sink, one frame at a time.
package final class IncomingSound {
    private let sink: any AudioSink
    private let buffers: MediaBuffers
    private var decoder: AudioDecoder
    private var meter = ToneMeter()

    package init(sink: any AudioSink, codec: MediaCodec, in buffers: MediaBuffers) {
        self.sink = sink
        self.buffers = buffers
        decoder = AudioDecoder(codec.audio(ReceptionWishes()))
    }

    /// Level and frequency of what is heard.
    var reading: ToneMeter.Reading { meter.reading }

    /// Plays the next 20 ms, which are due now.
    package func playFrame(from peer: inout PeerConnection, at now: Instant) {
        var heard = exchange(&buffers.heard, with: [])
        var samples = heard.mutableSpan
        peer.playAudio(into: &samples, with: &decoder, at: now)
        meter.add(heard.span)
        sink.write(heard.span)
        buffers.heard = heard
    }
}
