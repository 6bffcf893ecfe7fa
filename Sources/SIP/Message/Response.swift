/// A response; the fields every response must have stand apart, parsed, the others are in `headers` (RFC 3261 §8.2.6).
package struct Response: Sendable, Equatable {
    /// 100 to 699.
    package var status: Int
    package var reason: String
    package var via: [Via]
    package var from: NameAddress
    package var to: NameAddress
    package var callID: String
    package var cSeq: CSeq
    package var headers: Headers
    package var body: [UInt8]

    package var isProvisional: Bool { status < 200 }
    package var isSuccess: Bool { 200..<300 ~= status }
}

extension Response {
    /// The text of the body, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }
}
