import Wire

/// A capture file as Wireshark reads it: pcap (draft-ietf-opsawg-pcap) with packets of the link type
/// `WIRESHARK_UPPER_PDU`, which say of themselves that they are SIP and between whom.
///
/// So no addresses or checksums are made up for layers that nobody saw: under TLS and WebSocket the messages went otherwise.
package enum CaptureFile {
    private static let linkType: UInt32 = 252
    /// What readers take at most; the rest of a longer packet is left out.
    private static let snapshotLength: UInt32 = 262_144

    /// The tags of Wireshark's `epan/exported_pdu.h`.
    private enum Tag {
        static let end: UInt16 = 0
        static let dissector: UInt16 = 12
        static let source: (v4: UInt16, v6: UInt16) = (20, 22)
        static let destination: (v4: UInt16, v6: UInt16) = (21, 23)
        static let portType: UInt16 = 24
        static let sourcePort: UInt16 = 25
        static let destinationPort: UInt16 = 26
    }

    private static let tcp: UInt32 = 2

    package static func bytes(of records: some Collection<Trace.Record>) -> [UInt8] {
        var writer = ByteWriter(capacity: 24 + records.reduce(0) { $0 + $1.bytes.count + 128 })
        writer.write(0xA1B2_C3D4 as UInt32)
        writer.write(2 as UInt16)
        writer.write(4 as UInt16)
        writer.write(0 as UInt64)
        writer.write(snapshotLength)
        writer.write(linkType)
        for record in records { write(record, to: &writer) }
        return writer.bytes
    }

    private static func write(_ record: Trace.Record, to writer: inout ByteWriter) {
        let packet = tags(of: record) + record.bytes
        let (seconds, milliseconds) = record.time.unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        writer.write(UInt32(truncatingIfNeeded: seconds))
        writer.write(UInt32(milliseconds * 1000))
        let part = packet.prefix(Int(snapshotLength))
        writer.write(UInt32(part.count))
        writer.write(UInt32(packet.count))
        writer.write(part)
    }

    private static func tags(of record: Trace.Record) -> [UInt8] {
        var writer = ByteWriter(capacity: 96)
        write(Tag.dissector, Array("sip\0".utf8), to: &writer)
        write(record.source.address, Tag.source, to: &writer)
        write(record.destination.address, Tag.destination, to: &writer)
        write(Tag.portType, tcp, to: &writer)
        write(Tag.sourcePort, UInt32(record.source.port), to: &writer)
        write(Tag.destinationPort, UInt32(record.destination.port), to: &writer)
        write(Tag.end, [], to: &writer)
        return writer.bytes
    }

    private static func write(
        _ address: IPAddress, _ tag: (v4: UInt16, v6: UInt16), to writer: inout ByteWriter
    ) {
        write(address.isIPv4 ? tag.v4 : tag.v6, address.bytes, to: &writer)
    }

    private static func write(_ tag: UInt16, _ number: UInt32, to writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(4 as UInt16)
        writer.write(number)
    }

    /// A value's length is a multiple of four.
    private static func write(_ tag: UInt16, _ value: [UInt8], to writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(UInt16(value.count))
        writer.write(value)
    }
}
