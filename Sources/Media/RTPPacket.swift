import Wire

/// The fields of the fixed RTP header that phonebard uses (RFC 3550 §5.1).
package struct RTPHeader: Hashable, Sendable {
    /// The length of a header without contributing sources and extension, the only kind written.
    package static let length = 12

    package var payloadType: UInt8
    package var marker: Bool
    package var sequenceNumber: UInt16
    package var timestamp: UInt32
    package var ssrc: UInt32

    package init(payloadType: UInt8, marker: Bool, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32) {
        self.payloadType = payloadType
        self.marker = marker
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
    }

    /// Writes the header over the first twelve bytes of a buffer, which must be there.
    package func write(into buffer: inout MutableSpan<UInt8>) {
        buffer[0] = 2 << 6
        buffer[1] = (marker ? 0x80 : 0) | payloadType & 0x7F
        for index in 0..<2 {
            buffer[2 + index] = UInt8(truncatingIfNeeded: sequenceNumber >> (8 - 8 * index))
        }
        for index in 0..<4 {
            buffer[4 + index] = UInt8(truncatingIfNeeded: timestamp >> (24 - 8 * index))
            buffer[8 + index] = UInt8(truncatingIfNeeded: ssrc >> (24 - 8 * index))
        }
    }
}

/// An RTP packet somebody else holds the bytes of: its header, and where its payload stands.
///
/// Contributing sources and the header extension are skipped; padding is no part of the payload.
package struct RTPPacket: Hashable, Sendable {
    package enum ParseError: Error, Hashable, Sendable { case truncated, wrongVersion, badPadding }

    package let header: RTPHeader
    package let payload: Range<Int>

    package init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var reader = ByteReader(bytes)
        let first: UInt8
        do {
            first = try reader.readUInt8()
            header = try Self.readHeader(from: &reader)
            try Self.skipOptions(announcedBy: first, in: &reader)
        } catch {
            throw .truncated
        }
        guard first >> 6 == 2 else { throw .wrongVersion }
        var end = bytes.count
        if first & 0x20 != 0 {
            guard reader.remaining > 0, case let padding = Int(bytes[end - 1]), padding > 0,
                padding <= reader.remaining
            else { throw .badPadding }
            end -= padding
        }
        payload = reader.position..<end
    }

    private static func readHeader(from reader: inout ByteReader) throws(ByteReader.Failure) -> RTPHeader {
        let second = try reader.readUInt8()
        return RTPHeader(
            payloadType: second & 0x7F, marker: second & 0x80 != 0, sequenceNumber: try reader.readUInt16(),
            timestamp: try reader.readUInt32(), ssrc: try reader.readUInt32())
    }

    private static func skipOptions(
        announcedBy first: UInt8, in reader: inout ByteReader
    ) throws(ByteReader.Failure) {
        try reader.skip(count: 4 * Int(first & 0x0F))
        if first & 0x10 != 0 {
            try reader.skip(count: 2)
            try reader.skip(count: 4 * Int(try reader.readUInt16()))
        }
    }
}
