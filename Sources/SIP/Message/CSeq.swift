/// The number and method that order the requests of a dialog (RFC 3261 §20.16).
package struct CSeq: Sendable, Hashable {
    package var number: UInt32
    package var method: Method

    package init(_ number: UInt32, _ method: Method) {
        self.number = number
        self.method = method
    }
}
