import Wire

/// A message taken apart into start line, header fields and body, none of them understood yet (RFC 3261 §7).
struct RawMessage: Sendable {
    var startLine: String
    var headers = Headers()
    var body: [UInt8] = []
    /// What stopped the reading; what was read before it is there, so that the sender can be told.
    var defect: Malformed?
}

extension RawMessage {
    /// Bounds on what a peer may send; the longest message of RFC 4475 keeps well inside them.
    private enum Limit {
        static let bytes = 1 << 17
        static let fields = 200
    }

    /// Reads one whole message; empty lines before it and bytes after its body do not count (RFC 3261 §7.5, §18.3).
    init(_ bytes: Span<UInt8>) throws(Malformed) {
        guard bytes.count <= Limit.bytes else { throw .tooLarge }
        var lines = Lines(count: bytes.count)
        lines.skipEmpty(in: bytes)
        guard let first = try lines.next(in: bytes), !first.isEmpty else { throw .startLine }
        startLine = first
        do {
            try readHeaders(&lines, in: bytes)
            body = try Self.body(after: lines.position, in: bytes, length: headers.all(.contentLength))
        } catch {
            defect = error
        }
    }

    private mutating func readHeaders(_ lines: inout Lines, in bytes: Span<UInt8>) throws(Malformed) {
        while let line = try lines.next(in: bytes), !line.isEmpty {
            if line.utf8.first?.isWhitespace == true {
                guard headers.continueLast(with: line.trimmed) else { throw .headerLine }
            } else {
                guard headers.fields.count < Limit.fields else { throw .tooLarge }
                let field = try Self.field(line)
                headers.append(field.name, field.value)
            }
        }
    }

    private static func field(_ line: String) throws(Malformed) -> Headers.Field {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .headerLine }
        let name = line[..<colon].trimmed
        guard name.isToken else { throw .headerLine }
        return Headers.Field(HeaderName(name), line[line.utf8.index(after: colon)...].trimmed)
    }

    /// The body; without Content-Length it goes to the end of the frame (RFC 7118 §4.1).
    private static func body(
        after start: Int, in bytes: Span<UInt8>, length fields: [String]
    ) throws(Malformed) -> [UInt8] {
        guard let text = fields.first else { return [UInt8](bytes.extracting(start..<bytes.count)) }
        guard fields.count == 1 else { throw .repeated(.contentLength) }
        guard text.utf8.allSatisfy(\.isDigit), let count = Int(text) else { throw .value(.contentLength) }
        guard count <= bytes.count - start else { throw .incompleteBody }
        return [UInt8](bytes.extracting(start..<start + count))
    }
}

/// A walk over the lines of a message, each ended by CR LF.
private struct Lines {
    private(set) var position = 0
    private let count: Int

    init(count: Int) { self.count = count }

    mutating func skipEmpty(in bytes: Span<UInt8>) {
        while position + 1 < count, bytes[position] == .carriageReturn, bytes[position + 1] == .lineFeed {
            position += 2
        }
    }

    /// The next line without its end; nil at the end of the message. A CR or LF on its own is malformed.
    mutating func next(in bytes: Span<UInt8>) throws(Malformed) -> String? {
        guard position < count else { return nil }
        var end = position
        while end < count, bytes[end] != .carriageReturn, bytes[end] != .lineFeed { end += 1 }
        let line = String(bytes.extracting(position..<end))
        guard end < count else {
            position = count
            return line
        }
        guard bytes[end] == .carriageReturn, end + 1 < count, bytes[end + 1] == .lineFeed else { throw .headerLine }
        position = end + 2
        return line
    }
}

extension UInt8 {
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
    fileprivate static let lineFeed = UInt8(ascii: "\n")
}

extension RawMessage {
    /// The message as it goes on the wire; Content-Length is counted here.
    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 512 + body.count)
        writer.write(startLine.onOneLine + "\r\n")
        for field in headers.fields where field.name != .contentLength {
            writer.write("\(field.name.rawValue.onOneLine): \(field.value.onOneLine)\r\n")
        }
        writer.write("Content-Length: \(body.count)\r\n\r\n")
        writer.write(body)
        return writer.bytes
    }
}

extension String {
    /// Nothing in a value may start a header field of its own.
    fileprivate var onOneLine: String {
        guard utf8.contains(where: { $0 == .carriageReturn || $0 == .lineFeed }) else { return self }
        return String(decoding: utf8.map { $0 == .carriageReturn || $0 == .lineFeed ? 0x20 : $0 }, as: UTF8.self)
    }
}
