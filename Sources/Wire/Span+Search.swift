extension Span<UInt8> {
    /// Where the first CR or LF is; the end if there is none.
    package func firstLineBreak(from start: Int, to end: Int) -> Int {
        var index = firstIndex(below: 0x0E, from: start, to: end)
        while index < end, self[index] != 0x0D, self[index] != 0x0A {
            index = firstIndex(below: 0x0E, from: index + 1, to: end)
        }
        return index
    }

    /// Where the first byte is that is less than the limit, of at most 128, eight places looked at together; the end if
    /// there is none.
    package func firstIndex(below limit: UInt8, from start: Int, to end: Int) -> Int {
        var index = start
        while index + 8 <= end {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = word.bytes(below: limit)
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < end, self[index] >= limit { index += 1 }
        return index
    }
}

extension UInt64 {
    /// The high bit of every byte that is less than the limit; above the lowest of them perhaps of others too.
    fileprivate func bytes(below limit: UInt8) -> UInt64 {
        (self &- UInt64(limit) &* 0x0101_0101_0101_0101) & ~self & 0x8080_8080_8080_8080
    }
}
