/// A request; the fields every request must have stand apart, parsed, the others are in `headers` (RFC 3261 §8.1.1).
package struct Request: Sendable, Equatable {
    package var method: Method
    package var target: URI
    /// The nearest hop first.
    package var via: [Via]
    package var from: NameAddress
    package var to: NameAddress
    package var callID: String
    package var cSeq: CSeq
    package var maxForwards: UInt8?
    /// Everything else, Content-Length excepted: the writer counts by itself.
    package var headers: Headers
    package var body: [UInt8]
}

extension Request {
    /// The text of the body, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }
}
