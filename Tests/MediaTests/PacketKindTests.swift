import Media
import Testing
import Wire

@Suite struct PacketKindTests {
    @Test(
        "The first byte tells the protocol (RFC 7983 §7), the second RTCP from RTP (RFC 5761 §4)",
        arguments: [
            ([0, 1], PacketKind.stun), ([3, 0], .stun), ([4, 0], nil), ([16, 0], nil), ([19, 0], nil),
            ([20, 254], .dtls), ([22, 254], .dtls), ([63, 254], .dtls), ([64, 0], .turnChannel),
            ([79, 0], .turnChannel), ([80, 0], nil), ([127, 0], nil), ([128, 0], .rtp), ([128, 111], .rtp),
            ([128, 191], .rtp), ([128, 192], .rtcp),
            ([128, 200], .rtcp), ([129, 207], .rtcp), ([191, 223], .rtcp), ([128, 224], .rtp), ([192, 0], nil),
            ([255, 255], nil), ([128], nil), ([], nil),
        ] as [([UInt8], PacketKind?)])
    func kinds(datagram: [UInt8], kind: PacketKind?) {
        #expect(PacketKind(datagram.span) == kind)
    }
}
