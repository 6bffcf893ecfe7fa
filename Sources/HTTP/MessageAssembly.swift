import Deflate
import Wire

/// The data message that is being received, which may come in several frames and may be compressed, RFC 6455 §5.4 and RFC 7692 §6.
struct MessageAssembly: ~Copyable, Sendable {
    private let limit: Int
    private let deflation: WebSocket.Deflation.Direction?
    /// The kind of the message in progress, and what has come of it.
    private var kind: WebSocket.Message.Kind?
    private var bytes: [UInt8] = []
    /// Bytes received for a compressed message: empty blocks inflate to nothing, however many there are.
    private var compressedCount = 0
    private var text = UTF8Validator()
    private var isCompressed = false
    /// Lives for one message only, unless the peer keeps its context.
    private var inflater: Inflater?

    init(limit: Int, deflation: WebSocket.Deflation.Direction?) {
        self.limit = limit
        self.deflation = deflation
    }

    var allowsCompression: Bool { deflation != nil }

    mutating func beginFrame(_ header: WebSocketFrameHeader) throws(FrameReader.Failure) {
        if header.opcode == .continuation {
            guard kind != nil else { throw .malformed }
        } else {
            guard kind == nil else { throw .malformed }
            begin(header.opcode == .text ? .text : .binary, isCompressed: header.isCompressed)
        }
        guard header.payloadCount <= (isCompressed ? compressedLimit - compressedCount : limit - bytes.count) else {
            throw .tooBig
        }
        if isCompressed { compressedCount += header.payloadCount }
    }

    /// What does not compress grows by five bytes for each block of a few kilobytes, RFC 1951 §3.2.4.
    private var compressedLimit: Int { limit + limit / 64 + 1024 }

    private mutating func begin(_ kind: WebSocket.Message.Kind, isCompressed: Bool) {
        self.kind = kind
        self.isCompressed = isCompressed
        compressedCount = 0
        text = UTF8Validator()
        if isCompressed, inflater == nil, let deflation { inflater = Inflater(windowBits: deflation.windowBits) }
    }

    mutating func append(
        _ piece: Span<UInt8>, unmaskedWith key: UInt32?, payloadOffset offset: Int
    ) throws(FrameReader.Failure) {
        let start = bytes.count
        if isCompressed {
            var compressed: [UInt8] = []
            compressed.append(piece, unmaskedWith: key, payloadOffset: offset)
            do throws(Inflater.Failure) {
                try inflater?.inflate(compressed.span, into: &bytes, limit: limit)
            } catch {
                throw FrameReader.Failure(error)
            }
        } else {
            bytes.append(piece, unmaskedWith: key, payloadOffset: offset)
        }
        try checkText(from: start)
    }

    mutating func end() throws(FrameReader.Failure) -> WebSocket.Message {
        if isCompressed { try endCompression() }
        guard let kind, kind == .binary || text.isComplete else { throw .invalidText }
        let message = WebSocket.Message(kind, bytes)
        self.kind = nil
        bytes = []
        return message
    }

    private mutating func endCompression() throws(FrameReader.Failure) {
        do throws(Inflater.Failure) {
            try inflater?.endMessage(into: &bytes, limit: limit)
        } catch {
            throw FrameReader.Failure(error)
        }
        if deflation?.keepsContext != true { inflater = nil }
    }

    /// Fails as soon as what came cannot become well-formed UTF-8, §8.1.
    private mutating func checkText(from start: Int) throws(FrameReader.Failure) {
        guard kind == .text else { return }
        var text = text
        guard text.accept(bytes.span.extracting(start..<bytes.count)) else { throw .invalidText }
        self.text = text
    }
}

extension FrameReader.Failure {
    fileprivate init(_ failure: Inflater.Failure) {
        self =
            switch failure {
            case .malformed: .invalidCompression
            case .tooLong: .tooBig
            }
    }
}
