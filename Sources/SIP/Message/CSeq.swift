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
        var lexer = Lexer(text)
        guard let number = lexer.takeNumber(), number < 1 << 31, lexer.next?.isWhitespace == true else {
            throw .value(.cSeq)
        }
        lexer.skipWhitespace()
        guard let method = lexer.takeToken(), lexer.isAtEnd else { throw .value(.cSeq) }
        self.init(number, Method(rawValue: method))
    }
}

extension CSeq: CustomStringConvertible {
    package var description: String { "\(number) \(method)" }
}
