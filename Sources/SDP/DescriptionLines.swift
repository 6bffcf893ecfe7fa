import Wire

/// A walk over the `type=value` lines of a description (RFC 8866 §5), empty lines left out.
struct DescriptionLines {
    struct Line {
        var type: UInt8
        var value: Range<Int>
    }

    private enum Limit {
        static let bytes = 64 * 1024
        static let lines = 2_000
    }

    private let bytes: [UInt8]
    private var position = 0
    private var count = 0
    private(set) var next: Line?

    init(_ bytes: [UInt8]) throws(SessionDescription.ParseFailure) {
        guard bytes.count <= Limit.bytes else { throw .tooLong }
        guard bytes.span.firstIndex(below: 1, from: 0, to: bytes.count) == bytes.count else {
            throw .malformedLine
        }
        self.bytes = bytes
        try advance()
    }

    /// Goes on to the next line.
    mutating func advance() throws(SessionDescription.ParseFailure) {
        next = nil
        while position < bytes.count, next == nil {
            let start = position
            let end = bytes.span.firstLineBreak(from: start, to: bytes.count)
            let isReturned = end < bytes.count && bytes[end] == .carriageReturn
            position = isReturned ? end + 2 : end + 1
            guard !isReturned || end + 1 == bytes.count || bytes[end + 1] == .lineFeed else { throw .malformedLine }
            if start < end { next = try line(start..<end) }
        }
    }

    private mutating func line(_ range: Range<Int>) throws(SessionDescription.ParseFailure) -> Line {
        guard count < Limit.lines else { throw .tooManyLines }
        count += 1
        let type = bytes[range.lowerBound]
        guard range.count >= 2, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(type),
            bytes[range.lowerBound + 1] == UInt8(ascii: "=")
        else { throw .malformedLine }
        return Line(type: type, value: range.dropFirst(2))
    }

    /// The value of the next line, which has to be of that type.
    mutating func take(_ type: Unicode.Scalar) throws(SessionDescription.ParseFailure) -> Range<Int> {
        guard let line = next, line.type == UInt8(ascii: type) else { throw .unexpectedLine }
        try advance()
        return line.value
    }

    func text(_ range: Range<Int>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0[range], as: UTF8.self) }
    }

    func line(_ line: Line) -> SDP.Line {
        SDP.Line(type: Character(Unicode.Scalar(line.type)), value: text(line.value))
    }

    func attribute(_ value: Range<Int>) throws(SessionDescription.ParseFailure) -> Attribute {
        var end = value.lowerBound
        while end < value.upperBound, bytes[end] != UInt8(ascii: ":") {
            guard bytes[end] != UInt8(ascii: " ") else { throw .malformedAttribute }
            end += 1
        }
        guard end > value.lowerBound else { throw .malformedAttribute }
        let name = text(value.lowerBound..<end)
        return Attribute(name, end < value.upperBound ? text(end + 1..<value.upperBound) : nil)
    }

    func fields(_ value: Range<Int>) -> DescriptionFields {
        DescriptionFields(bytes, value)
    }
}

/// A walk over the fields of a value; single spaces part them, and none is empty.
struct DescriptionFields {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ value: Range<Int>) {
        self.bytes = bytes
        position = value.lowerBound
        end = value.upperBound
    }

    /// Whether every field was taken; a space at the end is followed by a field that is missing.
    var isAtEnd: Bool { position > end }

    /// The next field; nil where there is none or it is empty.
    mutating func take() -> String? {
        takeRange().map { range in bytes.withUnsafeBufferPointer { String(decoding: $0[range], as: UTF8.self) } }
    }

    /// The next field, if it is a decimal number without sign that fits.
    mutating func takeNumber() -> UInt64? {
        guard let range = takeRange() else { return nil }
        var number: UInt64 = 0
        for index in range {
            let digit = bytes[index] &- UInt8(ascii: "0")
            let (product, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuchThen) = product.addingReportingOverflow(UInt64(digit))
            guard digit < 10, !isTooMuch, !isTooMuchThen else { return nil }
            number = sum
        }
        return number
    }

    private mutating func takeRange() -> Range<Int>? {
        let start = position
        var stop = start
        while stop < end, bytes[stop] != UInt8(ascii: " ") { stop += 1 }
        guard stop > start else { return nil }
        position = stop + 1
        return start..<stop
    }
}

extension UInt8 {
    fileprivate static var carriageReturn: UInt8 { 0x0D }
    fileprivate static var lineFeed: UInt8 { 0x0A }
}

extension String {
    /// The parts between single spaces; two spaces in a row give an empty part, which no field may be.
    var fields: [String] {
        let parts = split(separator: " ", omittingEmptySubsequences: false)
        return parts.contains(where: \.isEmpty) ? [] : parts.map(String.init)
    }
}
