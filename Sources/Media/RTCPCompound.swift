import Wire

/// Several RTCP packets in one datagram, read and written (RFC 3550 §6.1, §A.2).
package enum RTCPCompound {
    package enum ParseError: Error, Hashable, Sendable { case truncated, wrongVersion, badPadding, notAReport }

    package static func parse(_ bytes: Span<UInt8>) throws(ParseError) -> [RTCPPacket] { [] }

    package static func write(_ packets: [RTCPPacket]) -> [UInt8] { [] }
}
