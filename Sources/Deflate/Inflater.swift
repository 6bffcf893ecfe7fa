import CZlib

/// Undoes what a ``Deflater`` did, in pieces and up to a limit, RFC 1951 and RFC 7692 §7.2.2.
package struct Inflater: ~Copyable, Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case malformed
        /// The output would be longer than the limit.
        case tooLong
    }

    private static let leastRoom = 4096

    private let stream = DeflateStream(.inflating)

    /// A window of 2^`windowBits` bytes, 8 to 15.
    package init(windowBits: Int) {
        precondition((8...15).contains(windowBits))
        let result = inflateInit2_(
            stream.pointer, -Int32(windowBits), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib has no memory")
    }

    /// Appends what a piece of a message inflates to; the output never gets longer than the limit and one byte.
    package mutating func inflate(
        _ piece: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) throws(Failure) {
        _ = try inflate(piece, into: &output, limit: limit, flush: Z_SYNC_FLUSH)
    }

    /// Appends the last of a message, which ends with the 00 00 FF FF that was not sent; a block left open is malformed.
    package mutating func endMessage(into output: inout [UInt8], limit: Int) throws(Failure) {
        let tail: [4 of UInt8] = [0x00, 0x00, 0xFF, 0xFF]
        let count = output.count
        guard try inflate(tail.span, into: &output, limit: limit, flush: Z_BLOCK), output.count == count else {
            throw .malformed
        }
    }

    /// Says whether it stopped right behind a block.
    private mutating func inflate(
        _ piece: Span<UInt8>, into output: inout [UInt8], limit: Int, flush: Int32
    ) throws(Failure) -> Bool {
        var position = 0
        while true {
            let room = min(max(Self.leastRoom, output.count), limit + 1 - output.count)
            let progress = piece.withUnsafeBytes {
                stream.step(
                    UnsafeRawBufferPointer(rebasing: $0[position...]), appendingTo: &output, atMost: room,
                    flush: flush)
            }
            position += progress.taken
            guard output.count <= limit else { throw .tooLong }
            switch progress.result {
            case Z_OK, Z_BUF_ERROR: break
            // A final block ends a DEFLATE stream but no message, RFC 7692 §7.2.3.4; the window stays.
            case Z_STREAM_END: inflateResetKeep(stream.pointer)
            default: throw .malformed
            }
            if position == piece.count, progress.given < room { return progress.isAtBlockEnd }
            if progress.taken == 0, progress.given == 0, progress.result != Z_STREAM_END { throw .malformed }
        }
    }
}
