import Wire

/// The pages of one logical Ogg bit stream (RFC 3533 §6), made one after the other.
struct OggPages: Sendable {
    private static let mostSegments = 255

    private let serial: UInt32
    private var sequence: UInt32 = 0
    private var segments: [UInt8] = []
    private var body: [UInt8] = []

    init(serial: UInt32) {
        self.serial = serial
    }

    var isEmpty: Bool { segments.isEmpty }

    func hasRoom(for packet: [UInt8]) -> Bool {
        segments.count + packet.count / 255 + 1 <= Self.mostSegments
    }

    /// A length is a run of 255s and one value below that (§5).
    mutating func add(_ packet: [UInt8]) {
        precondition(hasRoom(for: packet))
        segments += [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
        body += packet
    }

    /// The page of all packets added since the last one.
    mutating func take(granule: Int, isLast: Bool) -> [UInt8] {
        page(granule: granule, flags: isLast ? 4 : 0)
    }

    /// A page with one packet of a header.
    mutating func page(of packet: [UInt8], isFirst: Bool) -> [UInt8] {
        add(packet)
        return page(granule: 0, flags: isFirst ? 2 : 0)
    }

    private mutating func page(granule: Int, flags: UInt8) -> [UInt8] {
        var writer = ByteWriter(capacity: 27 + segments.count + body.count)
        writer.write("OggS")
        writer.write([0, flags])
        writer.write(UInt64(granule).byteSwapped)
        writer.write(serial.byteSwapped)
        writer.write(sequence.byteSwapped)
        writer.write(UInt32(0))
        writer.write(UInt8(segments.count))
        writer.write(segments)
        writer.write(body)
        var page = writer.bytes
        let checksum = Self.checksum(of: page)
        for index in 0..<4 { page[22 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
        sequence += 1
        segments.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        return page
    }

    /// CRC-32 of the polynomial 0x04C11DB7, not reflected, from zero (§6).
    static func checksum(of bytes: [UInt8]) -> UInt32 {
        bytes.reduce(0) { sum, byte in sum << 8 ^ table[Int(UInt8(truncatingIfNeeded: sum >> 24) ^ byte)] }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { value, _ in value << 1 ^ (value >> 31 == 1 ? 0x04C1_1DB7 : 0) }
    }
}
