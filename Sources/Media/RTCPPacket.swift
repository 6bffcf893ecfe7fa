import Wire

/// One packet of an RTCP compound (RFC 3550 §6.4 to §6.6).
package enum RTCPPacket: Hashable, Sendable {
    case senderReport(ssrc: UInt32, SenderInfo, [ReportBlock])
    case receiverReport(ssrc: UInt32, [ReportBlock])
    case sourceDescription([SourceDescription])
    case goodbye([UInt32])
    /// The packets a receiver misses (generic NACK, RFC 4585 §6.2.1).
    case nack(NegativeAcknowledgement)
    /// A packet of another type, other feedback for instance, which is stepped over.
    case other(type: UInt8)
}

/// What a sender says of its own stream (RFC 3550 §6.4.1).
package struct SenderInfo: Hashable, Sendable {
    package var ntp: NTPTimestamp
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    package var octetCount: UInt32

    package init(ntp: NTPTimestamp, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
        self.ntp = ntp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }
}

/// What a receiver says of a stream it hears (RFC 3550 §6.4.1).
package struct ReportBlock: Hashable, Sendable {
    package var ssrc: UInt32
    /// The share of packets lost since the last report, in 1/256.
    package var fractionLost: UInt8
    /// Packets lost since the stream began; 24 bits, negative when duplicates outnumber losses.
    package var cumulativeLost: Int32
    package var highestSequenceNumber: UInt32
    /// In units of the RTP timestamp.
    package var jitter: UInt32
    /// The middle of the last sender report's NTP time, or 0.
    package var lastSenderReport: UInt32
    /// In units of 1/65536 second.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, highestSequenceNumber: UInt32, jitter: UInt32,
        lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.highestSequenceNumber = highestSequenceNumber
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    /// The time there and back, by the sender report of ours that the block answers; nil when it answers none.
    ///
    /// A clock that is a little off gives a negative difference, which counts as nothing.
    package func roundTrip(at now: Instant) -> Duration? {
        guard lastSenderReport != 0 else { return nil }
        let elapsed = NTPTimestamp(now).middle &- lastSenderReport
        let difference = Int32(bitPattern: elapsed &- delaySinceLastSenderReport)
        return Duration(middle: UInt32(clamping: difference))
    }
}

/// Which packets of a stream a receiver would like to have once more.
package struct NegativeAcknowledgement: Hashable, Sendable {
    /// Who asks.
    package var sender: UInt32
    /// The stream the packets are of.
    package var media: UInt32
    package var sequenceNumbers: [UInt16]

    package init(sender: UInt32, media: UInt32, sequenceNumbers: [UInt16]) {
        self.sender = sender
        self.media = media
        self.sequenceNumbers = sequenceNumbers
    }
}

/// The canonical name of a source (RFC 3550 §6.5.1); other items are stepped over.
package struct SourceDescription: Hashable, Sendable {
    package var ssrc: UInt32
    package var cname: String?

    package init(ssrc: UInt32, cname: String?) {
        self.ssrc = ssrc
        self.cname = cname
    }
}
