import Wire

/// Several RTCP packets in one datagram, read and written (RFC 3550 §6.1, §A.2).
///
/// Deviation: a datagram that does not begin with a report is taken too, as peers send feedback so (RFC 5506).
package enum RTCPCompound {
    package enum ParseError: Error, Hashable, Sendable { case truncated, wrongVersion, badPadding }

    package static func parse(_ bytes: Span<UInt8>) throws(ParseError) -> [RTCPPacket] {
        guard !bytes.isEmpty else { throw .truncated }
        var packets: [RTCPPacket] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw .truncated }
            guard rest[0] >> 6 == 2 else { throw .wrongVersion }
            let length = 4 * (1 + Int(rest[2]) << 8 + Int(rest[3]))
            guard length <= rest.count else { throw .truncated }
            var body = rest.extracting(4..<length)
            if rest[0] & 0x20 != 0 {
                guard length == rest.count, !body.isEmpty, case let padding = Int(body[body.count - 1]), padding > 0,
                    padding <= body.count
                else { throw .badPadding }
                body = body.extracting(droppingLast: padding)
            }
            do {
                packets.append(try RTCPPacket(type: rest[1], count: Int(rest[0] & 0x1F), body: body))
            } catch {
                throw .truncated
            }
            rest = rest.extracting(droppingFirst: length)
        }
        return packets
    }

    package static func write(_ packets: [RTCPPacket]) -> [UInt8] {
        var writer = ByteWriter(capacity: 128)
        for packet in packets { packet.write(to: &writer) }
        return writer.bytes
    }

    /// The regular report: of what is sent, if anything is, of what is heard, and who says so (RFC 3550 §6.1).
    package static func report(
        from sender: RTPSender, on receiver: inout RTPReceiver, cname: String, at now: Instant
    ) -> [RTCPPacket] {
        let blocks = receiver.reportBlock(at: now).map { [$0] } ?? []
        let report: RTCPPacket =
            if let info = sender.senderInfo(at: now) {
                .senderReport(ssrc: sender.ssrc, info, blocks)
            } else {
                .receiverReport(ssrc: sender.ssrc, blocks)
            }
        return [report, .sourceDescription([SourceDescription(ssrc: sender.ssrc, cname: cname)])]
    }
}
