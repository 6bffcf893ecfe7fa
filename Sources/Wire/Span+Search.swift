extension Span<UInt8> {
    /// Where the first of two bytes is, eight places looked at together; the end if there is none.
    package func firstIndex(of one: UInt8, or other: UInt8, from start: Int, to end: Int) -> Int {
        var index = start
        while index + 8 <= end {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = word.bytes(equalTo: one) | word.bytes(equalTo: other)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < end, self[index] != one, self[index] != other { index += 1 }
        return index
    }
}

extension UInt64 {
    /// The high bit of every byte that is this one; above the lowest of them perhaps of others too.
    fileprivate func bytes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }
}
