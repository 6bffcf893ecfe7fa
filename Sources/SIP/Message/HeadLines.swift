import Wire

/// A walk over the lines before a body, each ended by CR LF; a CR or LF on its own is malformed (RFC 3261 §7).
struct HeadLines {
    private(set) var position = 0
    /// Empty until it is read.
    private(set) var startLine = Slice.none
    private(set) var fields: [Headers.Entry] = []
    /// The fields that go over more than one line (RFC 3261 §7.3.1).
    private(set) var folded: [Int] = []
    private let end: Int

    init(of message: Span<UInt8>) {
        end = min(message.count, RawMessage.Limit.head)
        fields.reserveCapacity(24)
    }

    mutating func takeHead(of message: Span<UInt8>) throws(Malformed) {
        let line = Slice(0, try lineEnd(in: message))
        guard !line.isEmpty else { throw .startLine }
        startLine = line
        try takeFields(in: message)
    }

    /// Takes the fields, and the empty line behind them if the message does not end without it.
    mutating func takeFields(in message: Span<UInt8>) throws(Malformed) {
        while position < end {
            let start = position
            switch message[start] {
            case .carriageReturn, .lineFeed:
                guard try lineEnd(in: message) == start else { throw .headerLine }
                return
            case let byte where byte.isWhitespace:
                try takeContinuation(in: message)
            default:
                guard fields.count < RawMessage.Limit.fields else { throw .tooManyFields }
                try takeField(in: message)
            }
        }
        guard end == message.count else { throw .messageTooLarge }
    }

    private mutating func takeField(in message: Span<UInt8>) throws(Malformed) {
        let start = position
        while position < end, message[unchecked: position].isTokenCharacter { position += 1 }
        let name = Slice(start, position)
        skipWhitespace(in: message)
        guard !name.isEmpty, position < end, message[position] == UInt8(ascii: ":") else { throw .headerLine }
        position += 1
        skipWhitespace(in: message)
        let value = Slice(position, try valueEnd(in: message))
        guard value.end - start <= RawMessage.Limit.field else { throw .fieldTooLong }
        fields.append(Headers.Entry(kind: Headers.Kind(name, of: message), name: name, value: value))
    }

    private mutating func takeContinuation(in message: Span<UInt8>) throws(Malformed) {
        guard let last = fields.indices.last else { throw .headerLine }
        let field = fields[last]
        let value = Slice(field.value.start, max(field.value.end, try valueEnd(in: message)))
        guard value.end - field.name.start <= RawMessage.Limit.field else { throw .fieldTooLong }
        fields[last].value = value
        if folded.last != last { folded.append(last) }
    }

    private mutating func skipWhitespace(in message: Span<UInt8>) {
        while position < end, message[position].isWhitespace { position += 1 }
    }

    /// Goes behind the line; where its text ends without the whitespace at its end.
    private mutating func valueEnd(in message: Span<UInt8>) throws(Malformed) -> Int {
        let start = position
        var last = try lineEnd(in: message)
        while last > start, message[last - 1].isWhitespace { last -= 1 }
        return last
    }

    /// Goes behind the line; where its text ends.
    private mutating func lineEnd(in message: Span<UInt8>) throws(Malformed) -> Int {
        let last = message.firstLineBreak(from: position, to: end)
        guard last < end else {
            guard end == message.count else { throw .messageTooLarge }
            position = end
            return last
        }
        guard message[last] == .carriageReturn, last + 1 < message.count, message[last + 1] == .lineFeed else {
            throw .headerLine
        }
        position = last + 2
        return last
    }
}

extension UInt8 {
    static var carriageReturn: UInt8 { 0x0D }
    static var lineFeed: UInt8 { 0x0A }
}
