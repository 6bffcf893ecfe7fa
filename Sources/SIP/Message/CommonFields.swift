import Wire

/// The fields that every message has and that are copied from a request to its responses (RFC 3261 §8.2.6.2).
struct CommonFields {
    var via: [Via] = []
    var from: NameAddress
    var to: NameAddress
    var callID: String
    var cSeq: CSeq
    var others: Headers

    init(_ headers: Headers) throws(Malformed) {
        for entry in headers.entries where entry.kind == .via {
            try via.append(headers.bytes, parsing: entry.value)
        }
        guard !via.isEmpty else { throw .missing(.via) }
        from = try NameAddress(headers.bytes, parsing: try headers.single(.from))
        to = try NameAddress(headers.bytes, parsing: try headers.single(.to))
        let identifier = try headers.single(.callID)
        guard !identifier.isEmpty, identifier.range.allSatisfy({ 0x21...0x7E ~= headers.bytes[$0] }) else {
            throw .value(.callID)
        }
        callID = headers.bytes.text(identifier)
        var lexer = Lexer(headers.bytes.span, try headers.single(.cSeq).range)
        cSeq = try lexer.takeCSeq()
        others = headers
        others.removeOwnFields()
    }
}

extension [UInt8] {
    /// Writes the fields that requests and responses have in common, then the others, then the body.
    mutating func appendFields(
        from: NameAddress, to: NameAddress, callID: String, cSeq: CSeq, _ others: Headers, body: [UInt8]
    ) {
        append(literal: "From: ")
        append(from.layout.whole, of: from.bytes)
        append(literal: "\r\nTo: ")
        append(to.layout.whole, of: to.bytes)
        append(literal: "\r\nCall-ID: ")
        append(onOneLine: callID)
        append(literal: "\r\nCSeq: ")
        append(cSeq.number)
        append(literal: " ")
        append(cSeq.method.rawValue)
        append(literal: "\r\n")
        for entry in others.entries where entry.kind != .contentLength {
            append(entry.line, of: others.bytes)
            append(literal: "\r\n")
        }
        append(literal: "Content-Length: ")
        append(UInt32(body.count))
        append(literal: "\r\n\r\n")
        append(contentsOf: body)
    }

    mutating func append(_ via: [Via]) {
        for hop in via {
            append(literal: "Via: ")
            append(hop.layout.whole, of: hop.bytes)
            append(literal: "\r\n")
        }
    }
}
