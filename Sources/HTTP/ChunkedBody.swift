import HTTPTypes
import Wire

/// The decoder of the chunked transfer coding, RFC 9112 §7.1; extensions and trailer fields are checked and dropped.
struct ChunkedBody: Sendable {
    private enum State { case size, data(remaining: Int), dataEnd, trailer }

    private var state = State.size
    private var trailerBytes = 0

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
                guard let line = try Self.line(&buffer, limit: limits.header - trailerBytes) else { return false }
                guard !line.isEmpty else { return true }
                guard HTTPField(line: buffer.bytes.span.extracting(line)) != nil else { throw .malformed }
                trailerBytes += min(line.count + 2, limits.header - trailerBytes)
            }
        }
    }

    private static func line(
        _ buffer: inout LineBuffer, limit: Int
    ) throws(RequestParser.Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: limit)
        } catch {
            throw .malformed
        }
    }

    private static func size(_ line: Span<UInt8>) throws(RequestParser.Failure) -> Int {
        var size = 0
        var digits = 0
        while digits < line.count, let digit = Character(UnicodeScalar(line[digits])).hexDigitValue {
            guard size <= Int.max >> 4 else { throw .bodyTooLarge }
            size = size << 4 | digit
            digits += 1
        }
        guard digits > 0, digits == line.count || [0x3B, 0x20, 0x09].contains(line[digits]) else { throw .malformed }
        for index in digits..<line.count where line[index] < 0x20 && line[index] != 0x09 || line[index] == 0x7F {
            throw .malformed
        }
        return size
    }
}
