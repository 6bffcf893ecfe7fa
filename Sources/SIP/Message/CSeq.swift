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
    mutating func takeCSeq() throws(Malformed) -> CSeq {
        guard let number = takeNumber(), number < 1 << 31, next?.isWhitespace == true else { throw .value(.cSeq) }
        skipWhitespace()
        guard let method = takeToken(), isAtEnd else { throw .value(.cSeq) }
        return CSeq(number, Method(rawValue: method))
    }
}

extension CSeq: CustomStringConvertible {
    package var description: String { "\(number) \(method)" }
}
