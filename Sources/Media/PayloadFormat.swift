import Wire

/// An audio payload format, as far as a payload's length in time goes.
package enum PayloadFormat: Hashable, Sendable {
    case opus, g722, pcmu, pcma

    /// The rate of RTP timestamps (RFC 7587 §4.1, RFC 3551 §4.5.14); G.722 counts by half its samples (§4.5.2).
    package var clockRate: UInt32 {
        switch self {
        case .opus: 48_000
        case .g722, .pcmu, .pcma: 8_000
        }
    }

    /// How long a payload lasts, in units of the timestamp; nil when it is not well-formed.
    package func samples(in payload: Span<UInt8>) -> UInt32? {
        guard !payload.isEmpty else { return nil }
        return switch self {
        case .opus: Self.opusSamples(in: payload)
        case .g722, .pcmu, .pcma: UInt32(exactly: payload.count)
        }
    }

    /// Whether a payload holds the frame before it as well (RFC 6716 §2.1.7): Opus does in the LBRR frames of its SILK layer,
    /// whose flag comes after the voice flag of each 20 ms (§4.2.3). A stereo packet's second channel is not asked.
    func carriesPrevious(_ payload: Span<UInt8>) -> Bool {
        guard self == .opus, payload.count >= 3, payload[0] >> 3 < 16, payload[0] & 3 == 0 else { return false }
        let frames = max(1, (samples(in: payload) ?? 960) / 960)
        return payload[1] >> (7 - frames) & 1 == 1
    }

    /// Whether with this payload the sender begins or goes on to say nothing: discontinuous transmission of Opus ends in
    /// frames without content (RFC 6716 §2.1.9).
    func isPause(_ payload: Span<UInt8>) -> Bool {
        self == .opus && payload.count <= 2
    }

    /// By the TOC byte and the frame count byte (RFC 6716 §3.1, §3.2.5): 120 ms at most.
    private static func opusSamples(in packet: Span<UInt8>) -> UInt32? {
        let configuration = packet[0] >> 3
        let frame: UInt32 =
            switch configuration {
            case 0..<12: [480, 960, 1_920, 2_880][Int(configuration & 3)]
            case 12..<16: configuration & 1 == 0 ? 480 : 960
            default: 120 << UInt32(configuration & 3)
            }
        let count: UInt32
        switch packet[0] & 3 {
        case 0: count = 1
        case 1, 2: count = 2
        default:
            guard packet.count >= 2 else { return nil }
            count = UInt32(packet[1] & 0x3F)
        }
        let samples = frame * count
        return (1...5_760).contains(samples) ? samples : nil
    }
}
