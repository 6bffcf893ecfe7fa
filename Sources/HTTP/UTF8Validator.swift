import Wire

/// Checks that bytes which come in pieces are well-formed UTF-8, as early as it can be known (RFC 3629 §4).
struct UTF8Validator: Sendable {
    /// Continuation bytes that must still come.
    private var missing = 0
    /// What the next continuation byte may be; narrower than 80–BF after E0, ED, F0 and F4.
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether the text may end here.
    var isComplete: Bool { missing == 0 }

    /// False when the text so far cannot be the beginning of well-formed UTF-8.
    mutating func accept(_ bytes: Span<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                if missing == 0 { position += Self.asciiCount(bytes[position...]) }
                guard position < bytes.count else { break }
                guard accept(bytes[position]) else { return false }
                position += 1
            }
            return true
        }
    }

    /// How many bytes at the beginning are surely ASCII, looked at eight at a time.
    private static func asciiCount(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        var position = bytes.startIndex
        while position + 8 <= bytes.endIndex {
            let word = bytes.base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard word & 0x8080_8080_8080_8080 == 0 else { break }
            position += 8
        }
        return position - bytes.startIndex
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard next.contains(byte) else { return false }
            missing -= 1
            next = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: expect(1)
        case 0xE0: expect(2, from: 0xA0...0xBF)
        case 0xED: expect(2, from: 0x80...0x9F)
        case 0xE1...0xEF: expect(2)
        case 0xF0: expect(3, from: 0x90...0xBF)
        case 0xF1...0xF3: expect(3)
        case 0xF4: expect(3, from: 0x80...0x8F)
        default: return false
        }
        return true
    }

    private mutating func expect(_ count: Int, from first: ClosedRange<UInt8> = 0x80...0xBF) {
        missing = count
        next = first
    }
}
