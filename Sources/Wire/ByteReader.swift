/// Reads big-endian fields from borrowed bytes, front to back.
package struct ByteReader: ~Escapable, ~Copyable {
    package enum Failure: Error { case endOfBytes }

    private let bytes: Span<UInt8>
    package private(set) var position = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    package var remaining: Int { bytes.count - position }

    package mutating func readUInt8() throws(Failure) -> UInt8 {
        guard remaining >= 1 else { throw .endOfBytes }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func readUInt16() throws(Failure) -> UInt16 {
        guard remaining >= 2 else { throw .endOfBytes }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    package mutating func readUInt32() throws(Failure) -> UInt32 {
        let high = try readUInt16()
        let low = try readUInt16()
        return UInt32(high) << 16 | UInt32(low)
    }

    package mutating func readUInt64() throws(Failure) -> UInt64 {
        let high = try readUInt32()
        let low = try readUInt32()
        return UInt64(high) << 32 | UInt64(low)
    }

    @_lifetime(copy self)
    package mutating func readSpan(count: Int) throws(Failure) -> Span<UInt8> {
        guard count >= 0, remaining >= count else { throw .endOfBytes }
        let start = position
        position += count
        return bytes.extracting(start..<start + count)
    }

    package mutating func readBytes(count: Int) throws(Failure) -> [UInt8] {
        [UInt8](try readSpan(count: count))
    }

    package mutating func skip(count: Int) throws(Failure) {
        guard count >= 0, remaining >= count else { throw .endOfBytes }
        position += count
    }
}

extension [UInt8] {
    package init(_ span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { [UInt8]($0) }
    }
}

extension String {
    /// The text of UTF-8 bytes, each ill-formed sequence replaced by U+FFFD.
    package init(_ span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
