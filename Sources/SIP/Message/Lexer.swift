/// Reads text front to back over borrowed bytes; what the text's grammar has is for its reader to add.
struct Lexer: ~Escapable {
    let bytes: Span<UInt8>
    /// At or before the end of the part, which is within the bytes.
    var position: Int
    private let end: Int

    /// Reads a part; positions count from the first of the bytes.
    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, _ part: Range<Int>) {
        precondition(part.upperBound <= bytes.count)
        self.bytes = bytes
        position = part.lowerBound
        end = part.upperBound
    }

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>) {
        self.init(bytes, 0..<bytes.count)
    }

    @inline(__always) var isAtEnd: Bool { position >= end }
    @inline(__always) var next: UInt8? { position < end ? bytes[unchecked: position] : nil }

    @inline(__always)
    mutating func skip(while condition: (UInt8) -> Bool) {
        while position < end, condition(bytes[unchecked: position]) { position += 1 }
    }

    /// Takes that byte if it is next.
    @inline(__always)
    mutating func takeJust(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }
}
