import CZlib

/// Compresses messages into DEFLATE blocks that end at a byte, RFC 1951 and RFC 7692 §7.2.1.
package struct Deflater: ~Copyable, Sendable {
    private static let memoryLevels = 1...9

    private let stream = DeflateStream(.deflating)

    /// A window of 2^`windowBits` bytes, 8 to 15; zlib's state takes 2^(`windowBits` + 2) + 2^(`memoryLevel` + 9) bytes.
    ///
    /// zlib has no window of 256 bytes. One of 512 does as well: its matches reach back 250 bytes at most, since zlib keeps
    /// the longest match's 258 bytes and 4 more ahead.
    package init(windowBits: Int, memoryLevel: Int) {
        precondition((8...15).contains(windowBits) && Self.memoryLevels.contains(memoryLevel))
        let result = deflateInit2_(
            stream.pointer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -Int32(max(9, windowBits)), Int32(memoryLevel),
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib has no memory")
    }

    /// Appends a message, without the 00 00 FF FF that every one would end with.
    package mutating func deflate(_ message: Span<UInt8>, into output: inout [UInt8]) {
        guard !message.isEmpty else {
            // zlib says nothing at all when it has nothing to say, RFC 7692 §7.2.3.6 wants the head of an empty block.
            output.append(0)
            return
        }
        message.withUnsafeBytes { bytes in
            var rest = bytes[...]
            var isFlushed = false
            while !isFlushed {
                let room = rest.count / 2 + 64
                let progress = stream.step(
                    UnsafeRawBufferPointer(rebasing: rest), appendingTo: &output, atMost: room, flush: Z_SYNC_FLUSH)
                rest = rest.dropFirst(progress.taken)
                isFlushed = rest.isEmpty && progress.given < room
            }
        }
        output.removeLast(4)
    }
}
