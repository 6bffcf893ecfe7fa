import Wire

/// The header of a frame, RFC 6455 §5.2.
struct WebSocketFrameHeader: Equatable, Sendable {
    enum Opcode: UInt8, Sendable {
        case continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10

        var isControl: Bool { rawValue >= 8 }
        /// Whether it begins a message.
        var isFirst: Bool { self == .text || self == .binary }
    }

    enum Failure: Error { case malformed, payloadTooLong }

    static let maximumByteCount = 14

    var isFinal: Bool
    /// RSV1 of the first frame of a message, RFC 7692 §6.
    var isCompressed = false
    var opcode: Opcode
    var maskingKey: UInt32?
    var payloadCount: Int

    /// How many bytes the header has whose first two bytes these are.
    static func byteCount(_ first: UInt8, _ second: UInt8) -> Int {
        let lengthCount = second & 0x7F == 126 ? 2 : second & 0x7F == 127 ? 8 : 0
        return 2 + lengthCount + (second & 0x80 == 0 ? 0 : 4)
    }
}

extension WebSocketFrameHeader {
    /// Parses a whole header; reserved bits and opcodes, a length not in its shortest form, and control frames that are
    /// fragmented or longer than 125 bytes are malformed.
    ///
    /// RSV1 is reserved but in the first frame of a message, and there if compression was not agreed on.
    init(_ bytes: Span<UInt8>, allowsCompression: Bool) throws(Failure) {
        var reader = ByteReader(bytes)
        do {
            let first = try reader.readUInt8()
            let second = try reader.readUInt8()
            guard first & 0x30 == 0, let opcode = Opcode(rawValue: first & 0x0F) else { throw Failure.malformed }
            self.opcode = opcode
            isCompressed = first & 0x40 != 0
            guard !isCompressed || allowsCompression && opcode.isFirst else { throw Failure.malformed }
            isFinal = first & 0x80 != 0
            payloadCount = try Self.payloadCount(second & 0x7F, &reader)
            maskingKey = second & 0x80 == 0 ? nil : try reader.readUInt32()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .malformed
        }
        guard !opcode.isControl || isFinal && payloadCount <= 125 else { throw .malformed }
    }

    private static func payloadCount(_ short: UInt8, _ reader: inout ByteReader) throws -> Int {
        switch short {
        case 126:
            let count = Int(try reader.readUInt16())
            guard count > 125 else { throw Failure.malformed }
            return count
        case 127:
            let count = try reader.readUInt64()
            guard count > 0xFFFF, count >> 63 == 0 else { throw Failure.malformed }
            guard let count = Int(exactly: count) else { throw Failure.payloadTooLong }
            return count
        default:
            return Int(short)
        }
    }

    func append(to bytes: inout [UInt8]) {
        var writer = ByteWriter(capacity: Self.maximumByteCount)
        let mask: UInt8 = maskingKey == nil ? 0 : 0x80
        writer.write((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        if payloadCount <= 125 {
            writer.write(mask | UInt8(payloadCount))
        } else if payloadCount <= 0xFFFF {
            writer.write(mask | 126)
            writer.write(UInt16(payloadCount))
        } else {
            writer.write(mask | 127)
            writer.write(UInt64(payloadCount))
        }
        if let maskingKey { writer.write(maskingKey) }
        bytes.append(contentsOf: writer.bytes)
    }
}

/// The masking of RFC 6455 §5.3, eight bytes at a time.
enum WebSocketMask {
    /// Masks or unmasks everything from `start` on, which is at `offset` of its payload.
    static func apply(_ key: UInt32, to bytes: inout [UInt8], from start: Int, payloadOffset offset: Int = 0) {
        let rotated = rotate(key, by: offset)
        let word = (UInt64(rotated) << 32 | UInt64(rotated)).bigEndian
        bytes.withUnsafeMutableBytes { buffer in
            var position = start
            while position + 8 <= buffer.count {
                let masked = buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ word
                buffer.storeBytes(of: masked, toByteOffset: position, as: UInt64.self)
                position += 8
            }
            withUnsafeBytes(of: word) { key in
                for index in position..<buffer.count { buffer[index] ^= key[index - position] }
            }
        }
    }

    private static func rotate(_ key: UInt32, by offset: Int) -> UInt32 {
        let bits = UInt32(offset & 3) * 8
        return bits == 0 ? key : key << bits | key >> (32 - bits)
    }
}
