/// How a frame travels.
package enum AudioCodec: Sendable, Hashable {
    case opus(OpusSettings)
    case g711(G711)
}

/// Turns frames of 960 samples into payloads; allocates nothing after its creation.
package enum AudioEncoder: ~Copyable {
    case opus(OpusEncoder)
    case g711(G711Encoder)

    /// RFC 6716 §3.4 [R2]: no packet of one frame is longer.
    package static let maximumPayloadLength = 1275

    package init(_ codec: AudioCodec) {
        switch codec {
        case .opus(let settings): self = .opus(OpusEncoder(settings))
        case .g711(let law): self = .g711(G711Encoder(law))
        }
    }

    /// The length of the payload now at the front of `payload`, which holds ``maximumPayloadLength`` bytes; 0 when
    /// there is none to send.
    package mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        switch consume self {
        case .opus(var encoder):
            let length = encoder.encode(frame, into: &payload)
            self = .opus(encoder)
            return length
        case .g711(var encoder):
            let length = encoder.encode(frame, into: &payload)
            self = .g711(encoder)
            return length
        }
    }
}

/// Turns payloads into frames of 960 samples; allocates nothing after its creation.
package enum AudioDecoder: ~Copyable {
    case opus(OpusDecoder)
    case g711(G711Decoder)

    package init(_ codec: AudioCodec) {
        switch codec {
        case .opus: self = .opus(OpusDecoder())
        case .g711(let law): self = .g711(G711Decoder(law))
        }
    }

    /// A payload that cannot be decoded is concealed like one that never came.
    package mutating func decode(_ payload: Span<UInt8>, into frame: inout MutableSpan<Int16>) {
        switch consume self {
        case .opus(var decoder):
            if payload.isEmpty || !decoder.decode(payload, into: &frame) {
                decoder.extrapolate(into: &frame)
            }
            self = .opus(decoder)
        case .g711(var decoder):
            decoder.decode(payload, into: &frame)
            self = .g711(decoder)
        }
    }

    /// Makes up the frame that did not come; `next` is the payload after it, empty if that has not come either.
    package mutating func conceal(next: Span<UInt8>, into frame: inout MutableSpan<Int16>) {
        switch consume self {
        case .opus(var decoder):
            if next.isEmpty || !decoder.recover(from: next, into: &frame) {
                decoder.extrapolate(into: &frame)
            }
            self = .opus(decoder)
        case .g711(var decoder):
            decoder.conceal(into: &frame)
            self = .g711(decoder)
        }
    }
}
