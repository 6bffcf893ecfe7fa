import Wire

/// The state of a stream that is sent: sequence numbers, timestamps and what sender reports say of it (RFC 3550 §5.1, §6.4.1).
package struct RTPSender: Sendable {
    package let ssrc: UInt32
    package private(set) var packetCount: UInt32 = 0
    package private(set) var octetCount: UInt32 = 0

    private let clock: RTPClock
    /// Of the next packet.
    package private(set) var sequenceNumber: UInt16
    package private(set) var timestamp: UInt32
    private var isTalkStart = true
    private var lastPacket: (timestamp: UInt32, sentAt: Instant)?

    /// Chooses the SSRC, unless it is chosen, and where sequence numbers and timestamps begin.
    ///
    /// The first number is below 2^15, so that the loss of early packets cannot mislead SRTP's rollover counter.
    package init(clockRate: UInt32, ssrc: UInt32? = nil, randomness: inout Randomness) {
        clock = RTPClock(rate: clockRate)
        self.ssrc = ssrc ?? .random(in: 1 ... .max, using: &randomness)
        sequenceNumber = .random(in: 0..<0x8000, using: &randomness)
        timestamp = .random(in: 0 ... .max, using: &randomness)
    }

    /// Writes the header in front of a payload that already stands behind it in the buffer.
    ///
    /// The first packet, and the first after a pause, carries the marker (RFC 3551 §4.1).
    /// - Parameters:
    ///   - samples: how long the payload lasts, in units of the timestamp.
    /// - Returns: the length of the packet.
    package mutating func writeHeader(
        payloadType: UInt8, payloadLength: Int, samples: UInt32,
        audioLevel: (id: UInt8, level: AudioLevel)? = nil, at now: Instant, into buffer: inout MutableSpan<UInt8>
    ) -> Int {
        let header = RTPHeader(
            payloadType: payloadType, marker: isTalkStart, sequenceNumber: sequenceNumber, timestamp: timestamp,
            ssrc: ssrc)
        header.write(into: &buffer, audioLevel: audioLevel)
        lastPacket = (timestamp, now)
        isTalkStart = false
        timestamp &+= samples
        count(payloadLength)
        return Self.headerLength(hasAudioLevel: audioLevel != nil) + payloadLength
    }

    /// Where the payload stands in the buffer.
    package static func headerLength(hasAudioLevel: Bool) -> Int {
        RTPHeader.length + (hasAudioLevel ? RTPHeader.audioLevelLength : 0)
    }

    /// Writes the header of a telephone-event that began at `start`, the marker with its first packet (RFC 4733 §2.3).
    ///
    /// The stream's own time goes on by ``pause(samples:)``.
    /// - Returns: the length of the packet.
    package mutating func writeEventHeader(
        payloadType: UInt8, start: UInt32, isFirst: Bool, into buffer: inout MutableSpan<UInt8>
    ) -> Int {
        let header = RTPHeader(
            payloadType: payloadType, marker: isFirst, sequenceNumber: sequenceNumber, timestamp: start, ssrc: ssrc)
        header.write(into: &buffer)
        count(TelephoneEvent.length)
        return RTPHeader.length + TelephoneEvent.length
    }

    private mutating func count(_ payloadLength: Int) {
        sequenceNumber &+= 1
        packetCount &+= 1
        octetCount &+= UInt32(truncatingIfNeeded: payloadLength)
    }

    /// Lets time pass without a packet.
    package mutating func pause(samples: UInt32) {
        timestamp &+= samples
        isTalkStart = true
    }

    /// What a sender report says now; nil before the first packet.
    package func senderInfo(at now: Instant) -> SenderInfo? {
        guard let lastPacket else { return nil }
        return SenderInfo(
            ntp: NTPTimestamp(now), rtpTimestamp: lastPacket.timestamp &+ clock.ticks(in: now - lastPacket.sentAt),
            packetCount: packetCount, octetCount: octetCount)
    }
}
