import Deflate
import Wire

/// The sending half of a WebSocket: messages and control frames become bytes, each in one frame, RFC 6455 §5.2 and RFC 7692 §6.
struct FrameWriter: ~Copyable, Sendable {
    /// Half of zlib's own: 32 kB of state at a window of 4 kB.
    private static let memoryLevel = 5

    private let role: WebSocket.Role
    private let deflation: WebSocket.Deflation?
    private var randomness: Randomness
    /// Lives for one message only, unless this end keeps its context.
    private var deflater: Deflater?

    init(role: WebSocket.Role, deflation: WebSocket.Deflation?, randomness: Randomness) {
        self.role = role
        self.deflation = deflation
        self.randomness = randomness
    }

    mutating func frame(_ message: WebSocket.Message) -> [UInt8] {
        let opcode: WebSocketFrameHeader.Opcode = message.kind == .text ? .text : .binary
        guard let deflation, message.bytes.count >= deflation.threshold else { return frame(opcode, message.bytes) }
        let compressed = compress(message.bytes, deflation.sending(role))
        return frame(opcode, compressed, isCompressed: true)
    }

    mutating func frame(
        _ opcode: WebSocketFrameHeader.Opcode, _ payload: [UInt8], isCompressed: Bool = false
    ) -> [UInt8] {
        let key = role == .client ? UInt32(truncatingIfNeeded: randomness.next() >> 32) : nil
        let header = WebSocketFrameHeader(
            isFinal: true, isCompressed: isCompressed, opcode: opcode, maskingKey: key, payloadCount: payload.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(WebSocketFrameHeader.maximumByteCount + payload.count)
        header.append(to: &bytes)
        let start = bytes.count
        bytes.append(contentsOf: payload)
        if let key { WebSocketMask.apply(key, to: &bytes, from: start) }
        return bytes
    }

    private mutating func compress(_ bytes: [UInt8], _ direction: WebSocket.Deflation.Direction) -> [UInt8] {
        if deflater == nil {
            deflater = Deflater(windowBits: direction.windowBits, memoryLevel: Self.memoryLevel)
        }
        var output: [UInt8] = []
        deflater?.deflate(bytes.span, into: &output)
        if !direction.keepsContext { deflater = nil }
        return output
    }
}
