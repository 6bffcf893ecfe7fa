import Wire

/// The messages in a stream from a TURN server: STUN by its own length, frames of a channel padded to four bytes
/// (RFC 8489 §6.2.2, RFC 8656 §12.5).
package struct TURNFrames: Sendable {
    package enum ParseFailure: Error { case neitherSTUNNorChannel }

    private var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    /// Takes in what has come and hands over each message that is complete.
    package mutating func receive(
        _ more: Span<UInt8>, _ body: (_ message: Span<UInt8>) -> Void
    ) throws(ParseFailure) {
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        while let length = try nextLength(), bytes.count - start >= length {
            body(bytes.span.extracting(start..<start + length))
            start += length
        }
        bytes.removeFirst(start)
        start = 0
    }

    private func nextLength() throws(ParseFailure) -> Int? {
        guard bytes.count - start >= 4 else { return nil }
        let length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
        switch bytes[start] & 0xC0 {
        case 0x00: return 20 + length
        case 0x40: return 4 + (length + 3) & ~3
        default: throw .neitherSTUNNorChannel
        }
    }
}
