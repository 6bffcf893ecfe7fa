import Wire

/// The cyclic redundancy check of ITU-T V.42 §8.1.1.6.2, which STUN's FINGERPRINT uses (RFC 8489 §14.7).
package enum CRC32 {
    package static func checksum(_ bytes: [UInt8]) -> UInt32 { checksum(bytes.span) }

    package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var remainder = ~UInt32(0)
        for index in bytes.indices {
            let entry = Int(UInt8(truncatingIfNeeded: remainder) ^ bytes[index])
            remainder = table[entry] ^ remainder >> 8
        }
        return ~remainder
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? 0xEDB8_8320 ^ remainder >> 1 : remainder >> 1
        }
    }
}
