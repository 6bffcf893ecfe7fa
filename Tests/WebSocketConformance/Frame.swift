/// A frame as a case wants it on the wire, right or wrong, RFC 6455 §5.2.
struct Frame: Sendable {
    enum Opcode {
        static let continuation: UInt8 = 0
        static let text: UInt8 = 1
        static let binary: UInt8 = 2
        static let close: UInt8 = 8
        static let ping: UInt8 = 9
        static let pong: UInt8 = 10
    }

    var opcode: UInt8
    var payload: [UInt8]
    var isFinal = true
    /// The three reserved bits as a number, RSV1 the highest.
    var reserved: UInt8 = 0

    init(_ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
        self.reserved = reserved
    }

    func bytes(isMasked: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 14)
        bytes.append((isFinal ? 0x80 : 0) | reserved << 4 | opcode)
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ...125: bytes.append(mask | UInt8(payload.count))
        case ...65535: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(mask | 127)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        guard isMasked else { return bytes + payload }
        let key = (0..<4).map { _ in UInt8.random(in: 0...255) }
        bytes += key
        let start = bytes.count
        bytes += payload
        bytes.mask(with: key, from: start)
        return bytes
    }
}

extension Frame {
    static func text(_ text: String, isFinal: Bool = true, reserved: UInt8 = 0) -> Frame {
        Frame(Opcode.text, Array(text.utf8), isFinal: isFinal, reserved: reserved)
    }

    static func continuation(_ text: String, isFinal: Bool) -> Frame {
        Frame(Opcode.continuation, Array(text.utf8), isFinal: isFinal)
    }

    static func ping(_ payload: String = "") -> Frame { Frame(Opcode.ping, Array(payload.utf8)) }

    static func close(_ code: UInt16, reason: [UInt8] = []) -> Frame {
        Frame(Opcode.close, [UInt8(code >> 8), UInt8(code & 0xFF)] + reason)
    }

    /// A message in fragments of a size, the first with the reserved bits.
    static func fragments(of payload: [UInt8], opcode: UInt8, size: Int, reserved: UInt8 = 0) -> [Frame] {
        let starts = Array(stride(from: 0, to: max(1, payload.count), by: size))
        return starts.map { start in
            Frame(
                start == 0 ? opcode : Opcode.continuation, Array(payload[start..<min(start + size, payload.count)]),
                isFinal: start == starts.last, reserved: start == 0 ? reserved : 0)
        }
    }
}

extension [UInt8] {
    mutating func mask(with key: [UInt8], from start: Int) {
        let (a, b, c, d) = (key[0], key[1], key[2], key[3])
        withUnsafeMutableBytes { bytes in
            var index = start
            while index + 4 <= bytes.count {
                bytes[index] ^= a
                bytes[index + 1] ^= b
                bytes[index + 2] ^= c
                bytes[index + 3] ^= d
                index += 4
            }
            for rest in index..<bytes.count { bytes[rest] ^= key[rest - index] }
        }
    }
}
