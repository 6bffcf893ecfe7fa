import Wire

/// What a datagram on a port shared by STUN, TURN, DTLS, RTP and RTCP is (RFC 7983 §7, RFC 5761 §4).
package enum PacketKind: Hashable, Sendable {
    case stun, dtls, turnChannel, rtp, rtcp

    /// Nil for what is none of them and is to be dropped.
    package init?(_ datagram: Span<UInt8>) {
        guard datagram.count >= 2 else { return nil }
        switch datagram[0] {
        case 0...3: self = .stun
        case 20...63: self = .dtls
        case 64...79: self = .turnChannel
        case 128...191: self = (192...223).contains(datagram[1]) ? .rtcp : .rtp
        default: return nil
        }
    }
}
