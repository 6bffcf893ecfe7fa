import Wire

/// The number and method that order the requests of a dialog (RFC 3261 §20.16).
package struct CSeq: Sendable, Hashable {
    package var number: UInt32
    package var method: Method

    package init(_ number: UInt32, _ method: Method) {
        self.number = number
        self.method = method
    }

    /// The number has to be less than 2³¹ (RFC 3261 §8.1.1.5).
    package init(parsing text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        var lexer = Lexer(bytes.span)
        self = try lexer.takeCSeq()
    }
}

extension Lexer {
    /// Takes a number and a method; no new text is made of a method that is the expected one.
    mutating func takeCSeq(expecting expected: Method? = nil) throws(Malformed) -> CSeq {
        guard let number = takeNumber(), number < 1 << 31, next?.isWhitespace == true else { throw .value(.cSeq) }
        skipWhitespace()
        guard let name = tokenSlice(), isAtEnd else { throw .value(.cSeq) }
        if let expected, bytes.isEqual(name, to: expected.rawValue) { return CSeq(number, expected) }
        return CSeq(number, Method(rawValue: bytes.text(name)))
    }
}

extension CSeq: CustomStringConvertible {
    package var description: String { "\(number) \(method)" }
}
