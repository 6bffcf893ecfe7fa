extension Span<Int16> {
    /// The sum of the squares of up to half a million samples, exactly.
    package var energy: UInt64 {
        precondition(count <= 1 << 19)
        // A pair of squares takes 32 bits: their halves are summed apart.
        var (low, high) = (SIMD4<UInt32>(), SIMD4<UInt32>())
        let whole = count & ~7
        for index in stride(from: 0, to: whole, by: 8) {
            let eight = bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: index * MemoryLayout<Int16>.stride, as: SIMD8<Int16>.self)
            let wide = SIMD8<Int32>(truncatingIfNeeded: eight)
            let squares = wide &* wide
            let pairs = SIMD4<UInt32>(truncatingIfNeeded: squares.evenHalf &+ squares.oddHalf)
            low &+= pairs & 0xFFFF
            high &+= pairs &>> 16
        }
        var energy = UInt64(low) + UInt64(high) << 16
        for index in whole..<count { energy += UInt64(Int64(self[index]) * Int64(self[index])) }
        return energy
    }
}

extension UInt64 {
    fileprivate init(_ lanes: SIMD4<UInt32>) {
        self = lanes.indices.reduce(0) { $0 + UInt64(lanes[$1]) }
    }
}
