import Deflate
import Wire

/// The receiving half of a WebSocket: bytes become whole messages and control frames, RFC 6455 §5.4 and §5.5.
struct FrameReader: ~Copyable, Sendable {
    enum Event: Equatable {
        case message(WebSocket.Message)
        case ping([UInt8])
        case pong
        case close(WebSocket.CloseCode)
    }

    enum Failure: Error {
        case malformed, invalidText, invalidCompression, tooBig

        var closeCode: WebSocket.CloseCode {
            switch self {
            case .malformed: .protocolError
            case .invalidText, .invalidCompression: .invalidPayload
            case .tooBig: .messageTooBig
            }
        }
    }

    private enum State {
        case header
        case payload(WebSocketFrameHeader, received: Int)
    }

    private let role: WebSocket.Role
    private var state = State.header
    private var header: [UInt8] = []
    private var message: MessageAssembly
    /// The payload of a control frame, which may come between the fragments of a message.
    private var control: [UInt8] = []

    /// `deflation` says how the peer may compress, if it may.
    init(role: WebSocket.Role, messageLimit: Int, deflation: WebSocket.Deflation.Direction? = nil) {
        self.role = role
        message = MessageAssembly(limit: messageLimit, deflation: deflation)
    }

    /// Reads `bytes` from `position` on until something is whole, nil when all are read.
    mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) throws(Failure) -> Event? {
        while true {
            switch state {
            case .header:
                guard position < bytes.count else { return nil }
                header.append(bytes[position])
                position += 1
                guard header.count >= 2, header.count == WebSocketFrameHeader.byteCount(header[0], header[1]) else {
                    continue
                }
                state = .payload(try beginFrame(), received: 0)
                header.removeAll(keepingCapacity: true)
            case .payload(let header, let received):
                let end = position + min(header.payloadCount - received, bytes.count - position)
                let piece = bytes.extracting(position..<end)
                try append(piece, of: header, at: received)
                position = end
                guard received + piece.count == header.payloadCount else {
                    state = .payload(header, received: received + piece.count)
                    return nil
                }
                state = .header
                if let event = try endFrame(header) { return event }
            }
        }
    }

    private mutating func beginFrame() throws(Failure) -> WebSocketFrameHeader {
        let header: WebSocketFrameHeader
        do {
            header = try WebSocketFrameHeader(self.header.span, allowsCompression: message.allowsCompression)
        } catch {
            throw error == .payloadTooLong ? .tooBig : .malformed
        }
        guard (header.maskingKey != nil) == (role == .server) else { throw .malformed }
        if header.opcode.isControl {
            control.removeAll(keepingCapacity: true)
        } else {
            try message.beginFrame(header)
        }
        return header
    }

    private mutating func append(
        _ piece: Span<UInt8>, of header: WebSocketFrameHeader, at offset: Int
    ) throws(Failure) {
        if header.opcode.isControl {
            control.append(piece, unmaskedWith: header.maskingKey, payloadOffset: offset)
        } else {
            try message.append(piece, unmaskedWith: header.maskingKey, payloadOffset: offset)
        }
    }

    private mutating func endFrame(_ header: WebSocketFrameHeader) throws(Failure) -> Event? {
        switch header.opcode {
        case .ping: .ping(control)
        case .pong: .pong
        case .close: .close(try closeCode())
        case .text, .binary, .continuation: header.isFinal ? .message(try message.end()) : nil
        }
    }

    /// The code of a close frame, §5.5.1; codes that §7.4 keeps off the wire and unassigned ones below 3000 are malformed.
    private func closeCode() throws(Failure) -> WebSocket.CloseCode {
        guard !control.isEmpty else { return .noStatus }
        guard control.count >= 2 else { throw .malformed }
        let code = UInt16(control[0]) << 8 | UInt16(control[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .malformed
        }
        var reason = UTF8Validator()
        guard reason.accept(control.span.extracting(2..<control.count)), reason.isComplete else { throw .invalidText }
        return WebSocket.CloseCode(rawValue: code)
    }
}

extension [UInt8] {
    /// Appends a piece of a payload that begins at an offset of it.
    mutating func append(_ piece: Span<UInt8>, unmaskedWith key: UInt32?, payloadOffset offset: Int) {
        let start = count
        piece.withUnsafeBufferPointer { append(contentsOf: $0) }
        if let key { WebSocketMask.apply(key, to: &self, from: start, payloadOffset: offset) }
    }
}
