import Wire

/// The fields of the fixed RTP header that phonebard uses (RFC 3550 §5.1).
package struct RTPHeader: Hashable, Sendable {
    /// The length of a header without contributing sources and extension.
    package static let length = 12
    /// What a header extension with the audio level adds (RFC 8285 §4.2, RFC 6464 §3).
    package static let audioLevelLength = 8

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

    /// Writes the header over the first bytes of a buffer, which must be there: twelve, or twenty with an audio level.
    package func write(into buffer: inout MutableSpan<UInt8>, audioLevel: (id: UInt8, level: AudioLevel)? = nil) {
        buffer[0] = 2 << 6 | (audioLevel == nil ? 0 : 0x10)
        buffer[1] = (marker ? 0x80 : 0) | payloadType & 0x7F
        for index in 0..<2 {
            buffer[2 + index] = UInt8(truncatingIfNeeded: sequenceNumber >> (8 - 8 * index))
        }
        for index in 0..<4 {
            buffer[4 + index] = UInt8(truncatingIfNeeded: timestamp >> (24 - 8 * index))
            buffer[8 + index] = UInt8(truncatingIfNeeded: ssrc >> (24 - 8 * index))
        }
        guard let audioLevel else { return }
        let bytes: [8 of UInt8] = [0xBE, 0xDE, 0, 1, audioLevel.id << 4, audioLevel.level.octet, 0, 0]
        for index in bytes.indices { buffer[Self.length + index] = bytes[index] }
    }
}

/// An RTP packet somebody else holds the bytes of: its header, and where its payload stands.
///
/// Contributing sources are skipped; padding is no part of the payload.
package struct RTPPacket: Hashable, Sendable {
    package enum ParseError: Error, Hashable, Sendable { case truncated, wrongVersion, badPadding }

    package let header: RTPHeader
    package let payload: Range<Int>
    /// Where the elements of a one-byte header extension stand (RFC 8285 §4.2).
    private let elements: Range<Int>

    package init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var reader = ByteReader(bytes)
        let first: UInt8
        do {
            first = try reader.readUInt8()
            header = try Self.readHeader(from: &reader)
            elements = try Self.readOptions(announcedBy: first, in: &reader)
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

    private static func readOptions(
        announcedBy first: UInt8, in reader: inout ByteReader
    ) throws(ByteReader.Failure) -> Range<Int> {
        try reader.skip(count: 4 * Int(first & 0x0F))
        guard first & 0x10 != 0 else { return 0..<0 }
        let profile = try reader.readUInt16()
        let length = 4 * Int(try reader.readUInt16())
        let start = reader.position
        try reader.skip(count: length)
        return profile == 0xBEDE ? start..<start + length : 0..<0
    }

    /// The audio level in the header extension with that id, nil where there is none; `bytes` are the packet's.
    package func audioLevel(id: UInt8, in bytes: Span<UInt8>) -> AudioLevel? {
        var position = elements.lowerBound
        while position < elements.upperBound {
            let head = bytes[position]
            position += 1
            guard head != 0 else { continue }
            // An id of 15 ends the elements.
            guard head >> 4 != 15, position < elements.upperBound else { return nil }
            if head >> 4 == id { return AudioLevel(octet: bytes[position]) }
            position += Int(head & 0x0F) + 1
        }
        return nil
    }
}
