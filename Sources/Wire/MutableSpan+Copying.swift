extension MutableSpan where Element: BitwiseCopyable {
    /// Puts all of `source` where `start` is; there must be room for it.
    @inlinable
    package mutating func replace(from start: Int, with source: Span<Element>) {
        precondition(start >= 0 && source.count <= count - start)
        let offset = start * MemoryLayout<Element>.stride
        withUnsafeMutableBytes { bytes in
            source.withUnsafeBytes { source in
                guard let from = source.baseAddress else { return }
                bytes.baseAddress?.advanced(by: offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }
}
