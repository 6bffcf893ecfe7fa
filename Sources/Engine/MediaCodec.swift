import Audio
import Media
import Peer

/// A codec as both halves know it: the peer connection that agrees on it and the sound that passes through it.
package enum MediaCodec: String, Hashable, Sendable, CaseIterable {
    case opus
    case g722 = "G722"
    case pcma = "PCMA"
    case pcmu = "PCMU"

    init(_ codec: Codec) {
        switch codec {
        case .opus: self = .opus
        case .g722: self = .g722
        case .pcma: self = .pcma
        case .pcmu: self = .pcmu
        }
    }

    init(_ format: PayloadFormat) {
        switch format {
        case .opus: self = .opus
        case .g722: self = .g722
        case .pcma: self = .pcma
        case .pcmu: self = .pcmu
        }
    }

    package var negotiable: Codec {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcma: .pcma
        case .pcmu: .pcmu
        }
    }

    /// The codec as the peer would like to have it spoken.
    func audio(_ wishes: ReceptionWishes) -> AudioCodec {
        switch self {
        case .opus: .opus(OpusSettings(wishes))
        case .g722: .g722
        case .pcma: .g711(.aLaw)
        case .pcmu: .g711(.muLaw)
        }
    }

    var samplesPerTick: Int {
        AudioFormat.sampleRate / negotiable.clockRate
    }
}

extension OpusSettings {
    fileprivate init(_ wishes: ReceptionWishes) {
        self.init()
        discontinuousTransmission = wishes.discontinuousTransmission
        if let limit = wishes.maximumBitrate { bitrate = min(bitrate, Int32(clamping: limit)) }
    }
}
