import Wire

/// A message taken apart into start line, header fields and body, none of them understood yet (RFC 3261 §7).
struct RawMessage {
    /// Empty if it could not be read.
    let startLine: Slice
    /// The fields, on the bytes of the message up to its body.
    let headers: Headers
    /// Where in the headers the fields are that come once.
    let places: FieldPlaces
    let body: [UInt8]
    /// What stopped the reading; what was read before it is there, so that the sender can be told.
    let defect: Malformed?

    var bytes: [UInt8] { headers.bytes }
    var isResponse: Bool {
        startLine.count >= 4 && bytes.matches(Slice(startLine.start, startLine.start + 4), lowercase: "sip/")
    }
}

extension RawMessage {
    /// Bounds on what a peer may send; the longest message of RFC 4475 keeps well inside them.
    enum Limit {
        /// Start line and header fields.
        static let head = 1 << 16
        static let target = 1 << 13
        static let field = 1 << 14
        static let fields = 200
        static let body = 1 << 18
    }

    /// Reads one whole message; empty lines before it and bytes after its body do not count (RFC 3261 §7.5, §18.3).
    init(_ bytes: Span<UInt8>) {
        let message = bytes.extracting(droppingFirst: bytes.emptyLines)
        var lines = HeadLines(of: message)
        var defect: Malformed?
        do {
            try lines.takeHead(of: message)
        } catch {
            defect = error
        }
        let headers = Headers(lines, of: message)
        let places = FieldPlaces(headers.entries)
        var body: [UInt8] = []
        do {
            if defect == nil { body = try Self.body(of: message, after: headers, at: lines.position, places) }
        } catch {
            defect = error
        }
        startLine = lines.startLine
        self.headers = headers
        self.places = places
        self.body = body
        self.defect = defect
    }

    /// The body; without Content-Length it goes to the end of the frame (RFC 7118 §4.1).
    private static func body(
        of message: Span<UInt8>, after head: Headers, at start: Int, _ places: FieldPlaces
    ) throws(Malformed) -> [UInt8] {
        var count = message.count - start
        if places.has(.contentLength) {
            var lexer = Lexer(head.bytes.span, try places.single(.contentLength).range)
            guard let length = lexer.takeNumber(), lexer.isAtEnd else { throw .value(.contentLength) }
            guard length <= count else { throw .incompleteBody }
            count = Int(length)
        }
        guard count <= Limit.body else { throw .bodyTooLarge }
        return [UInt8](message.extracting(start..<start + count))
    }
}

extension Span<UInt8> {
    /// How many bytes of empty lines it begins with.
    fileprivate var emptyLines: Int {
        var count = 0
        while count + 1 < self.count, self[count] == .carriageReturn, self[count + 1] == .lineFeed { count += 2 }
        return count
    }
}
