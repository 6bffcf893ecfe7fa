import Wire

/// The question for a name that only its host knows, and the answer to it (RFC 6762); browsers hide the addresses of their
/// candidates behind such names.
package struct LocalName: Sendable, Equatable {
    /// Of IPv4; the port everyone listens on and sends from.
    package static let group = Endpoint(.v4(0xE000_00FB), port: 5353)

    private enum RecordType {
        static let a: UInt16 = 1
        static let aaaa: UInt16 = 28
        static let any: UInt16 = 255
        static let internet: UInt16 = 1
    }

    private enum Limit {
        static let records = 64
        static let labels = 32
        static let pointers = 8
    }

    private let labels: [String]

    /// Nil for what is no name under `local`.
    package init?(_ name: String) {
        labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard labels.count >= 2, labels.count <= Limit.labels, labels.last == "local",
            labels.allSatisfy({ (1...63).contains($0.utf8.count) })
        else { return nil }
    }

    /// The question for all addresses (RFC 6762 §5.1, RFC 1035 §4.1).
    package var query: [UInt8] {
        var writer = ByteWriter(capacity: 64)
        for field: UInt16 in [0, 0, 1, 0, 0, 0] { writer.write(field) }
        for label in labels {
            writer.write(UInt8(truncatingIfNeeded: label.utf8.count))
            writer.write(label)
        }
        writer.write(UInt8(0))
        writer.write(RecordType.any)
        writer.write(RecordType.internet)
        return writer.bytes
    }

    /// The first address a message gives this name, one of IPv4 before the others.
    package func address(in message: Span<UInt8>) -> IPAddress? {
        let found = (try? addresses(in: message)) ?? []
        return found.first(where: \.isIPv4) ?? found.first
    }

    private func addresses(in message: Span<UInt8>) throws -> [IPAddress] {
        var reader = ByteReader(message)
        try reader.skip(count: 2)
        guard try reader.readUInt16() & 0x8000 != 0 else { return [] }
        let questions = try reader.readUInt16()
        let records = Int(try reader.readUInt16()) + Int(try reader.readUInt16()) + Int(try reader.readUInt16())
        for _ in 0..<questions {
            _ = try Self.readName(&reader, of: message)
            try reader.skip(count: 4)
        }
        var addresses: [IPAddress] = []
        for _ in 0..<min(records, Limit.records) where reader.remaining > 0 {
            let name = try Self.readName(&reader, of: message)
            let type = try reader.readUInt16()
            try reader.skip(count: 6)
            let length = Int(try reader.readUInt16())
            switch (type, length, name == labels) {
            case (RecordType.a, 4, true): addresses.append(.v4(try reader.readUInt32()))
            case (RecordType.aaaa, 16, true):
                addresses.append(.v6(high: try reader.readUInt64(), low: try reader.readUInt64()))
            default: try reader.skip(count: length)
            }
        }
        return addresses
    }

    /// Reads a name that may end in a pointer to an earlier one (RFC 1035 §4.1.4).
    private static func readName(
        _ reader: inout ByteReader, of message: Span<UInt8>, pointers: Int = 0
    ) throws -> [String] {
        var labels: [String] = []
        while labels.count < Limit.labels {
            let length = Int(try reader.readUInt8())
            switch length {
            case 0: return labels
            case 0xC0...:
                let target = (length & 0x3F) << 8 | Int(try reader.readUInt8())
                guard pointers < Limit.pointers else { throw ByteReader.Failure.endOfBytes }
                var earlier = ByteReader(message)
                try earlier.skip(count: target)
                return labels + (try readName(&earlier, of: message, pointers: pointers + 1))
            case 1...63: labels.append(String(try reader.readSpan(count: length)).lowercased())
            default: throw ByteReader.Failure.endOfBytes
            }
        }
        throw ByteReader.Failure.endOfBytes
    }
}
