import Wire

/// A stretch of a message's bytes; a message is never as long as 4 GiB.
struct Slice: Sendable, Equatable {
    private let first: UInt32
    private let afterLast: UInt32

    /// What is not there.
    static let none = Slice(0, 0)

    init(_ start: Int, _ end: Int) {
        first = UInt32(truncatingIfNeeded: start)
        afterLast = UInt32(truncatingIfNeeded: end)
    }

    var start: Int { Int(first) }
    var end: Int { Int(afterLast) }
    var count: Int { end - start }
    var isEmpty: Bool { first == afterLast }
    var range: Range<Int> { start..<end }

    /// The same stretch that many bytes further on; what is not there stays away.
    func moved(by offset: Int) -> Slice {
        self == .none ? .none : Slice(start + offset, end + offset)
    }
}

extension Span<UInt8> {
    /// The text of a part, each ill-formed sequence replaced by U+FFFD.
    func text(_ slice: Slice) -> String {
        String(extracting(slice.range))
    }

    /// A part without the spaces and tabs around it.
    func trimmed(_ slice: Slice) -> Slice {
        var (start, end) = (slice.start, slice.end)
        while start < end, self[start].isWhitespace { start += 1 }
        while start < end, self[end - 1].isWhitespace { end -= 1 }
        return Slice(start, end)
    }

    /// Whether a part says what a text says, letter case aside.
    func matches(_ slice: Slice, _ text: String) -> Bool {
        let utf8 = text.utf8
        guard slice.count == utf8.count else { return false }
        let other = utf8.span
        for index in other.indices where self[slice.start + index].lowercased != other[index].lowercased {
            return false
        }
        return true
    }

    /// The same for a text of two to sixteen characters without capitals, compared in two words that may overlap.
    @inline(__always)
    func matches(_ slice: Slice, lowercase text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard slice.count == count else { return false }
        let other = UnsafeRawBufferPointer(start: text.utf8Start, count: count)
        return extracting(slice.range).withUnsafeBytes { bytes in
            switch count {
            case 2...3: bytes.matches(other, in: UInt16.self)
            case 4...7: bytes.matches(other, in: UInt32.self)
            default: bytes.matches(other, in: UInt64.self)
            }
        }
    }

    func isEqual(_ slice: Slice, to text: String) -> Bool {
        let utf8 = text.utf8
        return isEqual(slice, to: Slice(0, utf8.count), of: utf8.span)
    }

    func isEqual(_ slice: Slice, to otherSlice: Slice, of other: Span<UInt8>) -> Bool {
        guard slice.count == otherSlice.count else { return false }
        for index in 0..<slice.count where self[slice.start + index] != other[otherSlice.start + index] {
            return false
        }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the first and the last word are those of a text without capitals.
    @inline(__always)
    fileprivate func matches<Word: FixedWidthInteger>(_ lowercase: UnsafeRawBufferPointer, in _: Word.Type) -> Bool {
        let last = lowercase.count - MemoryLayout<Word>.size
        return word(at: 0, Word.self).matches(lowercase: lowercase.word(at: 0, Word.self))
            && word(at: last, Word.self).matches(lowercase: lowercase.word(at: last, Word.self))
    }

    @inline(__always)
    private func word<Word: FixedWidthInteger>(at offset: Int, _: Word.Type) -> Word {
        loadUnaligned(fromByteOffset: offset, as: Word.self)
    }
}

extension FixedWidthInteger {
    /// Whether the bytes are the same but for the letters' case: what is 0x40 or more in a text without capitals is a letter.
    @inline(__always)
    fileprivate func matches(lowercase text: Self) -> Bool {
        let letters = text & (Self.max / 0xFF &* 0x40)
        return self | letters >> 1 == text
    }
}

extension [UInt8] {
    /// A text in which nothing can start a line of its own.
    init(onOneLine text: String) {
        self = []
        append(onOneLine: text)
    }

    func text(_ slice: Slice) -> String { span.text(slice) }
    func matches(_ slice: Slice, _ text: String) -> Bool { span.matches(slice, text) }
    @inline(__always)
    func matches(_ slice: Slice, lowercase text: StaticString) -> Bool { span.matches(slice, lowercase: text) }

    func isEqual(_ slice: Slice, to otherSlice: Slice, of other: [UInt8]) -> Bool {
        span.isEqual(slice, to: otherSlice, of: other.span)
    }

    mutating func append(_ slice: Slice, of other: [UInt8]) {
        other.withUnsafeBufferPointer { append(contentsOf: UnsafeBufferPointer(rebasing: $0[slice.range])) }
    }

    mutating func append(literal: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Writes a text in which nothing can start a line of its own.
    mutating func append(onOneLine text: String) {
        let start = count
        append(contentsOf: text.utf8)
        for index in start..<count where self[index] == .carriageReturn || self[index] == .lineFeed {
            self[index] = UInt8(ascii: " ")
        }
    }
}
