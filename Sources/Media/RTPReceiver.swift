import Wire

/// The statistics of a stream that is received (RFC 3550 §A.1, §A.3, §A.8).
package struct RTPReceiver: Sendable {
    package enum Arrival: Hashable, Sendable {
        case inOrder
        /// After a packet with a higher number.
        case late
        case duplicate
        /// The first packet of this stream, or of another that takes its place.
        case restarted
    }

    package private(set) var ssrc: UInt32?

    package init(clockRate: UInt32) {}

    package mutating func receive(_ header: RTPHeader, at now: Instant) -> Arrival { .inOrder }

    /// Takes note of the other end's report on the stream it sends.
    package mutating func receive(_ info: SenderInfo, from ssrc: UInt32, at now: Instant) {}

    /// What to report of the stream, counting losses since the last call; nil before the first packet.
    package mutating func reportBlock(at now: Instant) -> ReportBlock? { nil }

    package struct Statistics: Hashable, Sendable {
        package var packetsReceived: UInt64 = 0
        package var packetsLost: Int64 = 0
        package var duplicates: UInt64 = 0
        package var late: UInt64 = 0
        package var jitter: Duration = .zero
    }
    package var statistics: Statistics { Statistics() }
}
