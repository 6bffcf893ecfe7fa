import Wire

// The tokens of RFC 3261 §25.1.
extension Lexer {
    @inline(__always)
    mutating func skipWhitespace() {
        skip(while: \.isWhitespace)
    }

    /// Takes that character if it is next, and the whitespace on both sides of it.
    @inline(__always)
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        let start = position
        if next?.isWhitespace == true { skipWhitespace() }
        guard takeJust(UInt8(ascii: character)) else {
            position = start
            return false
        }
        skipWhitespace()
        return true
    }

    /// The bytes up to the first that does not satisfy the condition.
    @inline(__always)
    mutating func slice(while condition: (UInt8) -> Bool) -> Slice {
        let start = position
        skip(while: condition)
        return Slice(start, position)
    }

    @inline(__always)
    mutating func takeWhile(_ condition: (UInt8) -> Bool) -> String {
        bytes.text(slice(while: condition))
    }

    mutating func tokenSlice() -> Slice? {
        let token = slice(while: \.isTokenCharacter)
        return token.isEmpty ? nil : token
    }

    mutating func takeToken() -> String? {
        tokenSlice().map { bytes.text($0) }
    }

    /// A quoted string as it stands, quotes included.
    mutating func quotedSlice() throws(Malformed) -> Slice {
        let start = position
        guard takeJust(UInt8(ascii: "\"")) else { throw .quotedString }
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") { return Slice(start, position) }
            if byte == UInt8(ascii: "\\") {
                guard !isAtEnd else { throw .quotedString }
                position += 1
            }
        }
        throw .quotedString
    }

    mutating func takeQuotedString() throws(Malformed) -> String {
        bytes.text(try quotedSlice())
    }

    /// A decimal number without sign that is at most 2³² − 1.
    mutating func takeNumber() -> UInt32? {
        let start = position
        var number: UInt32 = 0
        while let byte = next, byte.isDigit {
            let (product, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuchThen) = product.addingReportingOverflow(UInt32(byte - 0x30))
            guard !isTooMuch, !isTooMuchThen else { return nil }
            number = sum
            position += 1
        }
        return position == start ? nil : number
    }

    /// Everything that is left.
    mutating func takeRest() -> String { takeWhile { _ in true } }
}
