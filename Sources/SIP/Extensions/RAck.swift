/// The reliable provisional response that a PRACK acknowledges, and the request it answers (RFC 3262 §7.2).
package struct RAck: Sendable, Hashable {
    /// The RSeq of the response.
    package var number: UInt32
    package var sequence: CSeq

    package init(_ number: UInt32, _ sequence: CSeq) {
        self.number = number
        self.sequence = sequence
    }

    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(maxSplits: 1) { $0 == " " || $0 == "\t" }
        guard parts.count == 2, let number = UInt32(digits: parts[0]) else { throw .value(.rAck) }
        self.number = number
        do { sequence = try CSeq(parsing: String(parts[1]).trimmed) } catch { throw .value(.rAck) }
    }
}

extension RAck: CustomStringConvertible {
    package var description: String { "\(number) \(sequence)" }
}

extension Response {
    /// The number of a provisional response that asks for a PRACK (RFC 3262 §7.1).
    package var reliableNumber: UInt32? {
        guard 101..<200 ~= status, headers.requires("100rel") else { return nil }
        return headers[.rSeq].flatMap { UInt32(digits: $0) }
    }
}

extension UInt32 {
    /// Nothing but digits, as header values have them.
    init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy(\.isDigit) else { return nil }
        self.init(text)
    }
}

extension HeaderName {
    package static let rAck: HeaderName = "RAck"
    package static let rSeq: HeaderName = "RSeq"
}
