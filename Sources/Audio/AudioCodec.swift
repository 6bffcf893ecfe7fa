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

    /// Says how much of what is sent is likely to be lost, in percent: Opus puts redundancy in.
    package mutating func expect(loss percent: Int) {
        switch consume self {
        case .opus(var encoder):
            encoder.expect(loss: percent)
            self = .opus(encoder)
        case .g711(let encoder):
            self = .g711(encoder)
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

/// Turns payloads into samples at 48 kHz; allocates nothing after its creation.
package enum AudioDecoder: ~Copyable {
    case opus(OpusDecoder)
    case g711(G711Decoder)

    /// What the longest payload gives: 120 ms (RFC 6716 §3.2.5 [R5]); the buffers handed in are that long.
    package static let maximumSamples = 6 * AudioFormat.samplesPerFrame

    package init(_ codec: AudioCodec) {
        switch codec {
        case .opus: self = .opus(OpusDecoder())
        case .g711(let law): self = .g711(G711Decoder(law))
        }
    }

    /// The count of samples now at the front of `samples`; a payload that cannot be decoded is concealed like a frame
    /// that never came.
    package mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        switch consume self {
        case .opus(var decoder):
            let count = payload.isEmpty ? 0 : decoder.decode(payload, into: &samples)
            let concealed = count > 0 ? 0 : decoder.conceal(AudioFormat.samplesPerFrame, into: &samples)
            self = .opus(decoder)
            return count + concealed
        case .g711(var decoder):
            let count = decoder.decode(payload, into: &samples)
            self = .g711(decoder)
            return count
        }
    }

    /// Makes up `count` samples that did not come, and says how many there are now at the front of `samples`: Opus
    /// does it in steps of 2.5 ms.
    package mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        switch consume self {
        case .opus(var decoder):
            let count = decoder.conceal(count, into: &samples)
            self = .opus(decoder)
            return count
        case .g711(var decoder):
            let count = decoder.conceal(count, into: &samples)
            self = .g711(decoder)
            return count
        }
    }

    /// Like ``conceal(_:into:)`` when the payload after the gap is there already: it may hold what was lost.
    package mutating func recover(
        _ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>
    ) -> Int {
        switch consume self {
        case .opus(var decoder):
            let recovered = next.isEmpty ? 0 : decoder.recover(count, from: next, into: &samples)
            let concealed = recovered > 0 ? 0 : decoder.conceal(count, into: &samples)
            self = .opus(decoder)
            return recovered + concealed
        case .g711(var decoder):
            let count = decoder.conceal(count, into: &samples)
            self = .g711(decoder)
            return count
        }
    }

    /// What is heard while the sender says nothing: the noise Opus knows of, or silence.
    package mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        switch consume self {
        case .opus(var decoder):
            let count = decoder.conceal(count, into: &samples)
            self = .opus(decoder)
            return count
        case .g711(var decoder):
            let count = decoder.pause(count, into: &samples)
            self = .g711(decoder)
            return count
        }
    }
}
