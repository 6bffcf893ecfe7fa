/// A way to carry speech in RTP that a peer connection can agree on.
package enum Codec: Sendable, Hashable, CaseIterable {
    /// Opus at 48 kHz, two channels in its description whatever it carries (RFC 7587 §7).
    case opus
    /// G.711 µ-law at 8 kHz (RFC 3551 §4.5.14).
    case pcmu
    /// G.711 A-law at 8 kHz (RFC 3551 §4.5.14).
    case pcma

    /// Ticks of the RTP timestamp per second.
    package var clockRate: Int {
        switch self {
        case .opus: 48_000
        case .pcmu, .pcma: 8_000
        }
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
