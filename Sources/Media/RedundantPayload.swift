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

/// Keeps the last payloads that were sent, to say them again with the next.
package struct RedundancySender: Sendable {
    /// How many are kept.
    package static let maximumGenerations = 2
    /// What ten bits of length can say.
    private static let maximumLength = 1_023
    /// What fourteen bits of offset can say.
    private static let maximumOffset: UInt32 = 0x3FFF

    private struct Kept {
        var timestamp: UInt32 = 0
        var length = 0
    }

    private var bytes = [UInt8](repeating: 0, count: maximumGenerations * maximumLength)
    private var kept = [Kept](repeating: Kept(), count: maximumGenerations)
    private var newest = 0

    package init() {}

    /// Has the next payload stand alone: there was another packet since the last.
    package mutating func forget() {
        for slot in kept.indices { kept[slot].length = 0 }
    }

    /// Writes the payload with as many before it as are wanted into a buffer, from `start` on, and gives the length; nil when
    /// not even the payload fits.
    ///
    /// What is too long ago, too long or does not fit is left out, and what came before it as well: readers count blocks to know
    /// the packet a block was in.
    package mutating func write(
        _ payload: Span<UInt8>, payloadType: UInt8, at timestamp: UInt32, generations: Int,
        into buffer: inout MutableSpan<UInt8>, from start: Int, limit: Int
    ) -> Int? {
        guard 1 + payload.count <= limit else { return nil }
        var position = start
        let count = repeatable(at: timestamp, upTo: generations, within: limit - 1 - payload.count)
        for age in (0..<count).reversed() {
            let (length, ticks) = (kept[slot(age)].length, timestamp &- kept[slot(age)].timestamp)
            buffer[position] = 0x80 | payloadType
            buffer[position + 1] = UInt8(truncatingIfNeeded: ticks >> 6)
            buffer[position + 2] = UInt8(truncatingIfNeeded: ticks << 2) | UInt8(truncatingIfNeeded: length >> 8)
            buffer[position + 3] = UInt8(truncatingIfNeeded: length)
            position += 4
        }
        buffer[position] = payloadType
        position += 1
        for age in (0..<count).reversed() {
            let (first, length) = (slot(age) * Self.maximumLength, kept[slot(age)].length)
            buffer.replace(from: position, with: bytes.span.extracting(first..<first + length))
            position += length
        }
        buffer.replace(from: position, with: payload)
        keep(payload, timestamp)
        return position + payload.count - start
    }

    /// The slot of the payload so many packets before the last.
    private func slot(_ age: Int) -> Int { (newest + age) % Self.maximumGenerations }

    private func repeatable(at timestamp: UInt32, upTo generations: Int, within room: Int) -> Int {
        var (count, room) = (0, room)
        while count < min(generations, Self.maximumGenerations) {
            let next = kept[slot(count)]
            room -= 4 + next.length
            guard next.length > 0, room >= 0, 1...Self.maximumOffset ~= timestamp &- next.timestamp else { break }
            count += 1
        }
        return count
    }

    private mutating func keep(_ payload: Span<UInt8>, _ timestamp: UInt32) {
        newest = slot(Self.maximumGenerations - 1)
        let length = payload.count <= Self.maximumLength ? payload.count : 0
        kept[newest] = Kept(timestamp: timestamp, length: length)
        let start = newest * Self.maximumLength
        var room = bytes.mutableSpan
        room.replace(from: start, with: payload.extracting(first: length))
    }
}
