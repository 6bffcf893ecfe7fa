import Media
import SDP

/// A way to carry speech in RTP that a peer connection can agree on.
package enum Codec: Sendable, Hashable, CaseIterable {
    /// Opus at 48 kHz, two channels in its description whatever it carries (RFC 7587 §7).
    case opus
    /// G.711 µ-law at 8 kHz (RFC 3551 §4.5.14).
    case pcmu
    /// G.711 A-law at 8 kHz (RFC 3551 §4.5.14).
    case pcma

    /// Ticks of the RTP timestamp per second.
    package var clockRate: Int { audioFormat.clockRate }

    var audioFormat: AudioFormat {
        switch self {
        case .opus: .opus
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }

    var payloadFormat: PayloadFormat {
        switch self {
        case .opus: .opus
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }
}

extension [Codec] {
    /// The formats of an offer: the codecs, then a telephone-event for each of their clock rates (RFC 4733 §2.1).
    var audioFormats: [AudioFormat] {
        let formats = map(\.audioFormat)
        let rates = formats.map(\.clockRate).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        return formats + rates.compactMap(AudioFormat.telephoneEvent)
    }
}

/// What an offer and its answer agreed on for the one audio section.
package struct NegotiatedAudio: Sendable, Equatable {
    package var codec: Codec
    package var payloadType: UInt8
    /// The payload type of telephone-event at the codec's clock rate, nil where the peer has none.
    package var telephoneEventPayloadType: UInt8?
    /// Whether this side may send; false while the peer holds the call.
    package var sends: Bool
    /// Whether the peer may send.
    package var receives: Bool

    package init(
        codec: Codec, payloadType: UInt8, telephoneEventPayloadType: UInt8?, sends: Bool, receives: Bool
    ) {
        self.codec = codec
        self.payloadType = payloadType
        self.telephoneEventPayloadType = telephoneEventPayloadType
        self.sends = sends
        self.receives = receives
    }
}

extension NegotiatedAudio {
    /// What an answer settles: its first format that is one of the codecs.
    init(formats: [AudioFormat], codecs: [Codec], sends: Bool, receives: Bool) throws(AudioDescription.Refusal) {
        let choices = formats.lazy.compactMap { format in
            codecs.first { $0.audioFormat.hasSameEncoding(as: format) }.map { (codec: $0, format: format) }
        }
        guard let choice = choices.first else { throw .noCommonFormat }
        self.init(
            codec: choice.codec, payloadType: choice.format.payloadType,
            telephoneEventPayloadType: formats.telephoneEvent(matching: choice.format)?.payloadType,
            sends: sends, receives: receives)
    }
}
