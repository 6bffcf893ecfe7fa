import Audio
import Peer

/// A codec as both halves know it: the peer connection that agrees on it and the sound that passes through it.
package enum MediaCodec: String, Hashable, Sendable, CaseIterable {
    case opus
    case pcma = "PCMA"
    case pcmu = "PCMU"

    init(_ codec: Codec) {
        switch codec {
        case .opus: self = .opus
        case .pcma: self = .pcma
        case .pcmu: self = .pcmu
        }
    }

    package var negotiable: Codec {
        switch self {
        case .opus: .opus
        case .pcma: .pcma
        case .pcmu: .pcmu
        }
    }

    package var audio: AudioCodec {
        switch self {
        case .opus: .opus(OpusSettings())
        case .pcma: .g711(.aLaw)
        case .pcmu: .g711(.muLaw)
        }
    }

    /// What 20 ms are on the RTP clock.
    package var ticksPerFrame: UInt32 {
        UInt32(AudioFormat.samplesPerFrame / samplesPerTick)
    }

    var samplesPerTick: Int {
        AudioFormat.sampleRate / negotiable.clockRate
    }
}
