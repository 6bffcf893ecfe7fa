import Wire

/// A message as a Homer collector takes it: one datagram of the Homer Encapsulation Protocol, version 3.
package enum HEPPacket {
    /// The chunk types of the generic vendor.
    private enum Chunk {
        static let family: UInt16 = 1
        static let transport: UInt16 = 2
        static let source: (v4: UInt16, v6: UInt16) = (3, 5)
        static let destination: (v4: UInt16, v6: UInt16) = (4, 6)
        static let sourcePort: UInt16 = 7
        static let destinationPort: UInt16 = 8
        static let seconds: UInt16 = 9
        static let microseconds: UInt16 = 10
        static let payloadType: UInt16 = 11
        static let agentID: UInt16 = 12
        static let key: UInt16 = 14
        static let payload: UInt16 = 15
    }

    /// What one UDP datagram over IPv4 carries.
    private static let limit = 65_507
    private static let families: (v4: UInt8, v6: UInt8) = (2, 10)
    private static let tcp: UInt8 = 6
    private static let sip: UInt8 = 1

    /// - Parameters:
    ///   - agentID: by which the collector tells its sources apart.
    ///   - key: what the collector wants to see before it believes anything, if it does; up to 255 bytes.
    /// - Returns: nil for a message that is too long for a datagram.
    package static func bytes(of record: Trace.Record, agentID: UInt32, key: Redacted<String>?) -> [UInt8]? {
        var writer = ByteWriter(capacity: record.bytes.count + 160)
        writer.write("HEP3")
        writer.write(0 as UInt16)
        let isIPv4 = record.source.address.isIPv4
        write(Chunk.family, [isIPv4 ? families.v4 : families.v6], to: &writer)
        write(Chunk.transport, [tcp], to: &writer)
        write(isIPv4 ? Chunk.source.v4 : Chunk.source.v6, record.source.address.bytes, to: &writer)
        write(isIPv4 ? Chunk.destination.v4 : Chunk.destination.v6, record.destination.address.bytes, to: &writer)
        write(Chunk.sourcePort, record.source.port, to: &writer)
        write(Chunk.destinationPort, record.destination.port, to: &writer)
        let (seconds, milliseconds) = record.time.unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        write(Chunk.seconds, UInt32(truncatingIfNeeded: seconds), to: &writer)
        write(Chunk.microseconds, UInt32(milliseconds * 1000), to: &writer)
        write(Chunk.payloadType, [sip], to: &writer)
        write(Chunk.agentID, agentID, to: &writer)
        if let key { write(Chunk.key, Array(key.value.utf8.prefix(255)), to: &writer) }
        guard writer.bytes.count + 6 + record.bytes.count <= limit else { return nil }
        write(Chunk.payload, record.bytes, to: &writer)
        writer.overwrite(UInt16(writer.bytes.count), at: 4)
        return writer.bytes
    }

    private static func write(_ type: UInt16, _ value: some FixedWidthInteger, to writer: inout ByteWriter) {
        write(type, withUnsafeBytes(of: value.bigEndian, Array.init), to: &writer)
    }

    private static func write(_ type: UInt16, _ value: [UInt8], to writer: inout ByteWriter) {
        writer.write(0 as UInt16)
        writer.write(type)
        writer.write(UInt16(6 + value.count))
        writer.write(value)
    }
}
