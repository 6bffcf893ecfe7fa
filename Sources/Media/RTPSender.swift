import Wire

/// The state of a stream that is sent: sequence numbers, timestamps and what sender reports say of it (RFC 3550 §5.1, §6.4.1).
package struct RTPSender: Sendable {
    package let ssrc: UInt32
    package private(set) var packetCount: UInt32 = 0
    package private(set) var octetCount: UInt32 = 0

    /// Chooses the SSRC and where sequence numbers and timestamps begin.
    package init(clockRate: UInt32, randomness: inout Randomness) {
        ssrc = 0
    }

    /// Writes the header in front of a payload that already stands behind it in the buffer.
    ///
    /// The first packet, and the first after a pause, carries the marker (RFC 3551 §4.1).
    /// - Parameters:
    ///   - samples: how long the payload lasts, in units of the timestamp.
    /// - Returns: the length of the packet.
    package mutating func writeHeader(
        payloadType: UInt8, payloadLength: Int, samples: UInt32, at now: Instant, into buffer: inout MutableSpan<UInt8>
    ) -> Int { 0 }

    /// Lets time pass without a packet.
    package mutating func pause(samples: UInt32) {}

    /// What a sender report says now; nil before the first packet.
    package func senderInfo(at now: Instant) -> SenderInfo? { nil }
}
