import HTTPTypes
import Wire

/// The decoder of the chunked transfer coding, RFC 9112 §7.1; extensions and trailer fields are checked and dropped.
struct ChunkedBody: Sendable {
    private enum State { case size, data(remaining: Int), dataEnd, trailer }

    private var state = State.size
    private var trailerBytes = 0
    private var trailerCount = 0

    /// Moves decoded bytes from `buffer` to the end of `body`; true once the last chunk and the trailer section are read.
    mutating func decode(
        _ buffer: inout LineBuffer, into body: inout [UInt8], limits: RequestParser.Limits
    ) throws(RequestParser.Failure) -> Bool {
        while true {
            switch state {
            case .size:
                guard let line = try Self.line(&buffer, limit: limits.chunkLine) else { return false }
                let size = try Self.size(buffer.bytes.span.extracting(line))
                guard size <= limits.body - body.count else { throw .bodyTooLarge }
                state = size == 0 ? .trailer : .data(remaining: size)
            case .data(let remaining):
                guard buffer.count > 0 else { return false }
                let piece = buffer.take(upTo: remaining)
                body.append(contentsOf: buffer.bytes[piece])
                state = piece.count == remaining ? .dataEnd : .data(remaining: remaining - piece.count)
            case .dataEnd:
                guard let line = try Self.line(&buffer, limit: 0) else { return false }
                guard line.isEmpty else { throw .malformed }
                state = .size
            case .trailer:
                guard let line = try Self.line(&buffer, limit: limits.header - trailerBytes, orThrow: .headerTooLarge)
                else { return false }
                guard !line.isEmpty else { return true }
                guard HTTPField(line: buffer.bytes.span.extracting(line)) != nil else { throw .malformed }
                guard trailerCount < limits.fieldCount else { throw .headerTooLarge }
                trailerCount += 1
                trailerBytes += min(line.count + 2, limits.header - trailerBytes)
            }
        }
    }

    private static func line(
        _ buffer: inout LineBuffer, limit: Int, orThrow tooLong: RequestParser.Failure = .malformed
    ) throws(RequestParser.Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: limit)
        } catch {
            throw error == .tooLong ? tooLong : .malformed
        }
    }

    /// `chunk-size [ chunk-ext ]`: of the extension only that it begins with a semicolon and holds no control characters.
    private static func size(_ line: Span<UInt8>) throws(RequestParser.Failure) -> Int {
        var size = 0
        var index = 0
        while index < line.count, let digit = hexDigit(line[index]) {
            guard size <= Int.max >> 4 else { throw .bodyTooLarge }
            size = size << 4 | digit
            index += 1
        }
        guard index > 0 else { throw .malformed }
        let isBare = index == line.count
        while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
        guard isBare || index < line.count && line[index] == 0x3B else { throw .malformed }
        for index in index..<line.count where line[index] < 0x20 && line[index] != 0x09 || line[index] == 0x7F {
            throw .malformed
        }
        return size
    }
}

/// The value of an ASCII hexadecimal digit.
func hexDigit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30)
    case 0x41...0x46: Int(byte - 0x37)
    case 0x61...0x66: Int(byte - 0x57)
    default: nil
    }
}
