import Wire

/// The payload that repeats what the packets before it said (RFC 2198 §3).
package enum RedundantPayload {
    package enum ParseError: Error, Hashable, Sendable { case truncated }

    package struct Block: Hashable, Sendable {
        package var payloadType: UInt8
        /// How far before the packet's timestamp.
        package var offset: UInt32
        /// How many packets before this one; 0 is the packet's own payload.
        package var age: UInt16
        package var payload: Range<Int>
    }

    /// Hands over the blocks, the oldest first and the packet's own last; nothing is handed over of a payload that is
    /// cut short.
    package static func read(_ payload: Span<UInt8>, _ body: (Block) -> Void) throws(ParseError) {
        var (headers, count, length) = (0, 0, 0)
        while true {
            guard headers < payload.count else { throw .truncated }
            guard payload[headers] & 0x80 != 0 else { break }
            guard headers + 4 <= payload.count else { throw .truncated }
            length += Int(payload[headers + 2] & 3) << 8 | Int(payload[headers + 3])
            headers += 4
            count += 1
        }
        let start = headers + 1
        guard start + length <= payload.count else { throw .truncated }
        var position = start
        for index in 0..<count {
            let header = 4 * index
            let length = Int(payload[header + 2] & 3) << 8 | Int(payload[header + 3])
            body(
                Block(
                    payloadType: payload[header] & 0x7F,
                    offset: UInt32(payload[header + 1]) << 6 | UInt32(payload[header + 2]) >> 2,
                    age: UInt16(truncatingIfNeeded: count - index), payload: position..<position + length))
            position += length
        }
        body(Block(payloadType: payload[headers] & 0x7F, offset: 0, age: 0, payload: position..<payload.count))
    }
}

/// Keeps the last payload that was sent, to say it once more with the next.
package struct RedundancySender: Sendable {
    /// What ten bits of length can say.
    private static let maximumLength = 1_023
    /// What fourteen bits of offset can say.
    private static let maximumOffset: UInt32 = 0x3FFF

    private var last = [UInt8](repeating: 0, count: maximumLength)
    private var lastLength = 0

    package init() {}

    /// Has the next payload stand alone: there was another packet since the last.
    package mutating func forget() { lastLength = 0 }

    /// Writes the payload with the one before it into a buffer, from `start` on, and gives the length; nil when not
    /// even the payload fits.
    /// - Parameters:
    ///   - ticks: how long ago the last packet was, nil when there was none.
    package mutating func write(
        _ payload: Span<UInt8>, payloadType: UInt8, after ticks: UInt32?, into buffer: inout MutableSpan<UInt8>,
        from start: Int, limit: Int
    ) -> Int? {
        guard 1 + payload.count <= limit else { return nil }
        var position = start
        let isRepeated = ticks.map { $0 > 0 && $0 <= Self.maximumOffset } ?? false
        if let ticks, isRepeated, lastLength > 0, 5 + lastLength + payload.count <= limit {
            buffer[position] = 0x80 | payloadType
            buffer[position + 1] = UInt8(truncatingIfNeeded: ticks >> 6)
            buffer[position + 2] = UInt8(truncatingIfNeeded: ticks << 2) | UInt8(truncatingIfNeeded: lastLength >> 8)
            buffer[position + 3] = UInt8(truncatingIfNeeded: lastLength)
            buffer[position + 4] = payloadType
            position += 5
            for index in 0..<lastLength { buffer[position + index] = last[index] }
            position += lastLength
        } else {
            buffer[position] = payloadType
            position += 1
        }
        for index in payload.indices { buffer[position + index] = payload[index] }
        lastLength = payload.count <= Self.maximumLength ? payload.count : 0
        for index in 0..<lastLength { last[index] = payload[index] }
        return position + payload.count - start
    }
}
