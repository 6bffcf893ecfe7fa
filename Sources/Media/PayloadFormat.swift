import Wire

/// An audio payload format, as far as a payload's length in time goes.
package enum PayloadFormat: Hashable, Sendable {
    case opus, pcmu, pcma

    /// The rate of RTP timestamps (RFC 7587 §4.1, RFC 3551 §4.5.14).
    package var clockRate: UInt32 {
        switch self {
        case .opus: 48_000
        case .pcmu, .pcma: 8_000
        }
    }

    /// How long a payload lasts, in units of the timestamp; nil when it is not well-formed.
    package func samples(in payload: Span<UInt8>) -> UInt32? { nil }
}
