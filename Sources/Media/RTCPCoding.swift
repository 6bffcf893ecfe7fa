import Wire

/// Packet types of RFC 3550 §12.1 and item types of §12.2.
private enum Code {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let sourceDescription: UInt8 = 202
    static let goodbye: UInt8 = 203
    /// RTPFB, and the format that is a generic NACK (RFC 4585 §6.1, §6.2.1).
    static let transportFeedback: UInt8 = 205
    static let genericNACK = 1
    static let cname: UInt8 = 1
}

extension RTCPPacket {
    /// Reads what follows the header's four bytes; what a profile has added at the end is stepped over.
    init(type: UInt8, count: Int, body: Span<UInt8>) throws(ByteReader.Failure) {
        var reader = ByteReader(body)
        switch type {
        case Code.senderReport:
            let ssrc = try reader.readUInt32()
            let info = try SenderInfo(from: &reader)
            self = .senderReport(ssrc: ssrc, info, try Self.readBlocks(count, from: &reader))
        case Code.receiverReport:
            let ssrc = try reader.readUInt32()
            self = .receiverReport(ssrc: ssrc, try Self.readBlocks(count, from: &reader))
        case Code.sourceDescription:
            var descriptions: [SourceDescription] = []
            for _ in 0..<count { descriptions.append(try SourceDescription(from: &reader)) }
            self = .sourceDescription(descriptions)
        case Code.goodbye:
            var sources: [UInt32] = []
            for _ in 0..<count { sources.append(try reader.readUInt32()) }
            self = .goodbye(sources)
        case Code.transportFeedback where count == Code.genericNACK:
            self = .nack(try NegativeAcknowledgement(from: &reader))
        default:
            self = .other(type: type)
        }
    }

    private static func readBlocks(
        _ count: Int, from reader: inout ByteReader
    ) throws(ByteReader.Failure) -> [ReportBlock] {
        var blocks: [ReportBlock] = []
        for _ in 0..<count { blocks.append(try ReportBlock(from: &reader)) }
        return blocks
    }

    /// Writes at most 31 blocks, descriptions or sources, as many as the header can count.
    func write(to writer: inout ByteWriter) {
        switch self {
        case .senderReport(let ssrc, let info, let blocks):
            Self.write(Code.senderReport, count: blocks.count, to: &writer) { writer in
                writer.write(ssrc)
                info.write(to: &writer)
                for block in blocks.prefix(31) { block.write(to: &writer) }
            }
        case .receiverReport(let ssrc, let blocks):
            Self.write(Code.receiverReport, count: blocks.count, to: &writer) { writer in
                writer.write(ssrc)
                for block in blocks.prefix(31) { block.write(to: &writer) }
            }
        case .sourceDescription(let descriptions):
            Self.write(Code.sourceDescription, count: descriptions.count, to: &writer) { writer in
                for description in descriptions.prefix(31) { description.write(to: &writer) }
            }
        case .goodbye(let sources):
            Self.write(Code.goodbye, count: sources.count, to: &writer) { writer in
                for source in sources.prefix(31) { writer.write(source) }
            }
        case .nack(let nack):
            Self.write(Code.transportFeedback, count: Code.genericNACK, to: &writer) { nack.write(to: &$0) }
        case .other:
            break
        }
    }

    private static func write(
        _ type: UInt8, count: Int, to writer: inout ByteWriter, body: (inout ByteWriter) -> Void
    ) {
        let start = writer.bytes.count
        writer.write(2 << 6 | UInt8(min(count, 31)))
        writer.write(type)
        writer.write(UInt16(0))
        body(&writer)
        writer.overwrite(UInt16(truncatingIfNeeded: (writer.bytes.count - start) / 4 - 1), at: start + 2)
    }
}

extension NegativeAcknowledgement {
    /// Each item names a packet and, by bits, those of the sixteen after it that are missing too.
    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        sender = try reader.readUInt32()
        media = try reader.readUInt32()
        sequenceNumbers = []
        repeat {
            let first = try reader.readUInt16()
            let following = try reader.readUInt16()
            sequenceNumbers.append(first)
            for bit in 0..<16 where following >> UInt16(bit) & 1 == 1 {
                sequenceNumbers.append(first &+ UInt16(bit + 1))
            }
        } while reader.remaining > 0
    }

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(sender)
        writer.write(media)
        var rest = sequenceNumbers[...]
        while let first = rest.popFirst() {
            var following: UInt16 = 0
            var last = first
            while let next = rest.first, (1...16).contains(next &- first), next &- first > last &- first {
                following |= 1 << (next &- first &- 1)
                last = next
                rest.removeFirst()
            }
            writer.write(first)
            writer.write(following)
        }
    }
}

extension SenderInfo {
    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        ntp = NTPTimestamp(bits: try reader.readUInt64())
        rtpTimestamp = try reader.readUInt32()
        packetCount = try reader.readUInt32()
        octetCount = try reader.readUInt32()
    }

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(ntp.bits)
        writer.write(rtpTimestamp)
        writer.write(packetCount)
        writer.write(octetCount)
    }
}

extension ReportBlock {
    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        ssrc = try reader.readUInt32()
        let losses = try reader.readUInt32()
        fractionLost = UInt8(losses >> 24)
        cumulativeLost = Int32(bitPattern: losses << 8) >> 8
        highestSequenceNumber = try reader.readUInt32()
        jitter = try reader.readUInt32()
        lastSenderReport = try reader.readUInt32()
        delaySinceLastSenderReport = try reader.readUInt32()
    }

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(ssrc)
        let clamped = min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)
        writer.write(UInt32(fractionLost) << 24 | UInt32(bitPattern: clamped) & 0xFF_FFFF)
        writer.write(highestSequenceNumber)
        writer.write(jitter)
        writer.write(lastSenderReport)
        writer.write(delaySinceLastSenderReport)
    }
}

extension SourceDescription {
    /// Reads a chunk: items, a zero, and zeros up to the next multiple of four bytes.
    fileprivate init(from reader: inout ByteReader) throws(ByteReader.Failure) {
        ssrc = try reader.readUInt32()
        while case let type = try reader.readUInt8(), type != 0 {
            let text = try reader.readSpan(count: Int(try reader.readUInt8()))
            if type == Code.cname { cname = String(text) }
        }
        try reader.skip(count: -reader.position & 3)
    }

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(ssrc)
        let start = writer.bytes.count
        if let cname {
            let text = cname.utf8.prefix(255)
            writer.write(Code.cname)
            writer.write(UInt8(text.count))
            writer.write(text)
        }
        let length = writer.bytes.count - start
        writer.write(repeatElement(UInt8(0), count: 4 - length & 3))
    }
}
