import Audio
import Peer

/// From payloads to the sink, one frame at a time, in buffers that live as long as the codec does.
final class IncomingSound {
    private let sink: any AudioSink
    private let codec: MediaCodec
    private var decoder: AudioDecoder
    /// What the last payload gave; the samples from ``position`` to ``end`` are still to be played.
    private var decoded = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)
    private var position = 0
    private var end = 0
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var meter = ToneMeter()

    init(sink: any AudioSink, codec: MediaCodec) {
        self.sink = sink
        self.codec = codec
        decoder = AudioDecoder(codec.audio(ReceptionWishes()))
    }

    /// Level and frequency of what is heard.
    var reading: ToneMeter.Reading { meter.reading }

    /// Plays the next 20 ms: payloads may be longer or shorter than that.
    func playFrame(from peer: inout PeerConnection) {
        var filled = 0
        while filled < frame.count, position < end || refill(from: &peer) {
            let count = min(end - position, frame.count - filled)
            for index in 0..<count {
                frame[filled + index] = decoded[position + index]
            }
            position += count
            filled += count
        }
        for index in filled..<frame.count {
            frame[index] = 0
        }
        let heard = frame
        meter.add(heard.span)
        sink.write(heard.span)
    }

    /// Whether there is more to play.
    private func refill(from peer: inout PeerConnection) -> Bool {
        position = 0
        end = 0
        let playout = peer.nextFrame { codec, payload in
            guard codec == self.codec.negotiable else { return }
            var samples = decoded.mutableSpan
            end = decoder.decode(payload, into: &samples)
        }
        switch playout {
        case .frame:
            return true
        case .missing(let ticks):
            var samples = decoded.mutableSpan
            end = decoder.conceal(Int(ticks) * codec.samplesPerTick, into: &samples)
            return end > 0
        case .pause(let ticks):
            end = min(Int(ticks) * codec.samplesPerTick, decoded.count)
            for index in 0..<end {
                decoded[index] = 0
            }
            return end > 0
        case .empty:
            return false
        }
    }
}
