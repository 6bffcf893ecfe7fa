import CZlib

/// Owns a `z_stream` in a place of its own: it must not move, for zlib keeps a pointer back to it.
struct DeflateStream: ~Copyable, @unchecked Sendable {
    enum Direction { case deflating, inflating }

    struct Progress {
        var result: Int32
        var taken: Int
        var given: Int
        /// Whether inflating stopped right behind a block.
        var isAtBlockEnd: Bool
    }

    let pointer: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    /// A stream that zlib has yet to initialise.
    init(_ direction: Direction) {
        self.direction = direction
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: z_stream())
    }

    deinit {
        switch direction {
        case .deflating: deflateEnd(pointer)
        case .inflating: inflateEnd(pointer)
        }
        pointer.deallocate()
    }

    /// One call of zlib, which appends to the output.
    func step(
        _ input: UnsafeRawBufferPointer, appendingTo output: inout [UInt8], atMost room: Int, flush: Int32
    ) -> Progress {
        let offered = uInt(clamping: input.count)
        let room = uInt(clamping: room)
        pointer.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self))
        pointer.pointee.avail_in = offered
        var result = Z_OK
        output.append(addingCapacity: Int(room)) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                pointer.pointee.next_out = buffer.baseAddress.map { $0 + count }
                pointer.pointee.avail_out = room
                result = direction == .deflating ? deflate(pointer, flush) : inflate(pointer, flush)
                count += Int(room - pointer.pointee.avail_out)
            }
        }
        return Progress(
            result: result, taken: Int(offered - pointer.pointee.avail_in),
            given: Int(room - pointer.pointee.avail_out), isAtBlockEnd: pointer.pointee.data_type & 128 != 0)
    }
}
