import Deflate
import Wire

/// The test's end of a WebSocket; it can do what no peer should, and reads with a reader of its own.
final class RawPeer {
    enum Received: Equatable, CustomStringConvertible {
        case message(isText: Bool, [UInt8])
        case pong([UInt8])
        case close(UInt16?)
        /// The stream has ended.
        case end

        var description: String {
            switch self {
            case .message(let isText, let bytes): "\(isText ? "text" : "binary") of \(bytes.count) bytes"
            case .pong(let bytes): "pong of \(bytes.count) bytes"
            case .close(let code): "close \(code.map(String.init) ?? "without a code")"
            case .end: "end of stream"
            }
        }
    }

    struct Violation: Error { var what: String }

    enum Chop: Sendable {
        /// All frames in one piece.
        case together
        case frames
        case bytes(Int)
    }

    /// What keeps one direction compressed.
    struct Direction: Sendable {
        var keepsContext: Bool
        var windowBits: Int
    }

    let socket: RawSocket
    private let isClient: Bool
    private let deflation: (outgoing: Direction, incoming: Direction)?
    /// The frame that is being sent in parts.
    private var partial: [UInt8]?
    private var deflater: Deflater?
    private var inflater: Inflater?
    /// Whether the last message that came was compressed.
    private(set) var wasCompressed = false

    init(_ socket: RawSocket, isClient: Bool, deflation: (outgoing: Direction, incoming: Direction)? = nil) {
        self.socket = socket
        self.isClient = isClient
        self.deflation = deflation
    }

    var compresses: Bool { deflation != nil }

    /// Sends; that the peer has gone already shows when its last words are read.
    func send(_ frames: [Frame], _ chop: Chop = .together) {
        let frames = frames.map { $0.bytes(isMasked: isClient) }
        do {
            switch chop {
            case .together: try socket.send(frames.joined())
            case .frames: for frame in frames { try socket.send(frame) }
            case .bytes(let size):
                let bytes = Array(frames.joined())
                for start in stride(from: 0, to: bytes.count, by: size) {
                    try socket.send(bytes[start..<min(start + size, bytes.count)])
                }
            }
        } catch {}
    }

    /// Sends a part of a frame's payload with the header before the first; the masking key must not change in between.
    func send(partOf frame: Frame, _ payload: Range<Int>) {
        let bytes = partial ?? frame.bytes(isMasked: isClient)
        partial = bytes
        let header = bytes.count - frame.payload.count
        let start = payload.lowerBound == 0 ? 0 : header + payload.lowerBound
        try? socket.send(bytes[start..<header + payload.upperBound])
    }

    /// Sends a message, compressed if that was agreed on, in fragments of a size if that is not 0.
    func send(message bytes: [UInt8], isText: Bool, fragmentSize: Int = 0) {
        var payload = bytes
        if let outgoing = deflation?.outgoing {
            if deflater == nil { deflater = Deflater(windowBits: outgoing.windowBits, memoryLevel: 8) }
            payload = []
            deflater?.deflate(bytes.span, into: &payload)
            if !outgoing.keepsContext { deflater = nil }
        }
        send(
            Frame.fragments(
                of: payload, opcode: isText ? Frame.Opcode.text : Frame.Opcode.binary,
                size: fragmentSize == 0 ? max(1, payload.count) : fragmentSize, reserved: compresses ? 4 : 0))
    }

    /// What comes next, pings aside.
    func next(within milliseconds: Int32 = 10_000) throws -> Received {
        var isText = false
        var isCompressed = false
        var message: [UInt8]?
        do {
            while true {
                let frame = try frame(within: milliseconds)
                switch frame.opcode {
                case Frame.Opcode.ping: continue
                case Frame.Opcode.pong: return .pong(frame.payload)
                case Frame.Opcode.close:
                    let payload = frame.payload
                    guard payload.count != 1 else { throw Violation(what: "a close frame with one byte") }
                    return .close(payload.isEmpty ? nil : UInt16(payload[0]) << 8 | UInt16(payload[1]))
                case Frame.Opcode.text, Frame.Opcode.binary:
                    guard message == nil else { throw Violation(what: "a message inside another") }
                    isText = frame.opcode == Frame.Opcode.text
                    isCompressed = frame.reserved == 4
                    message = frame.payload
                case Frame.Opcode.continuation where message != nil && frame.reserved == 0:
                    message? += frame.payload
                default: throw Violation(what: "opcode \(frame.opcode)")
                }
                if frame.isFinal, let message {
                    wasCompressed = isCompressed
                    return .message(isText: isText, isCompressed ? try inflate(message) : message)
                }
            }
        } catch RawSocket.Failure.ended, RawSocket.Failure.system {
            return .end
        }
    }

    private func frame(within milliseconds: Int32) throws -> Frame {
        let head = try socket.receive(2, within: milliseconds)
        var frame = Frame(head[0] & 0x0F, isFinal: head[0] & 0x80 != 0, reserved: head[0] >> 4 & 7)
        guard frame.reserved == 0 || frame.reserved == 4 && compresses else {
            throw Violation(what: "reserved bits \(frame.reserved)")
        }
        guard (head[1] & 0x80 != 0) != isClient else { throw Violation(what: "masking that is wrong for the role") }
        var count = Int(head[1] & 0x7F)
        if count >= 126 {
            let length = try socket.receive(count == 126 ? 2 : 8, within: milliseconds)
            count = length.reduce(0) { $0 << 8 | Int($1) }
        }
        let key = isClient ? nil : try socket.receive(4, within: milliseconds)
        frame.payload = try socket.receive(count, within: milliseconds)
        if let key { frame.payload.mask(with: key, from: 0) }
        return frame
    }

    private func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
        guard let incoming = deflation?.incoming else { return bytes }
        if inflater == nil { inflater = Inflater(windowBits: incoming.windowBits) }
        defer { if !incoming.keepsContext { inflater = nil } }
        var output: [UInt8] = []
        do {
            try inflater?.inflate(bytes.span, into: &output, limit: 1 << 26)
            try inflater?.endMessage(into: &output, limit: 1 << 26)
        } catch {
            throw Violation(what: "a message that does not inflate")
        }
        return output
    }
}
