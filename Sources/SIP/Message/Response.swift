import Wire

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
    /// Everything else, Content-Length excepted: the writer counts by itself.
    package var headers: Headers
    package var body: [UInt8]

    /// The response to a request; the tag is added to To unless it has one (RFC 3261 §8.2.6.2).
    package init(
        to request: Request, status: Int, reason: String? = nil, tag: String?, headers: Headers = [:],
        body: [UInt8] = []
    ) {
        self.status = status
        self.reason = reason ?? reasonPhrase(status)
        via = request.via
        from = request.from
        to = request.to
        if to.tag == nil, let tag { to.tag = tag }
        callID = request.callID
        cSeq = request.cSeq
        self.headers = headers
        self.body = body
    }

    package var isProvisional: Bool { status < 200 }
    package var isSuccess: Bool { 200..<300 ~= status }

    /// The text of the body, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The addresses of Contact; none when there are none or they are malformed.
    package var contacts: [NameAddress] { (try? headers.addresses(.contact)) ?? [] }
}

extension Response {
    init(_ raw: RawMessage) throws(Malformed) {
        var lexer = Lexer(raw.bytes.span, raw.startLine.range)
        let version = lexer.slice { $0 != UInt8(ascii: " ") }
        guard lexer.takeJust(UInt8(ascii: " ")) else { throw .startLine }
        guard raw.bytes.matches(version, "SIP/2.0") else { throw .version }
        let start = lexer.position
        guard let status = lexer.takeNumber(), lexer.position == start + 3, 100..<700 ~= status,
            lexer.takeJust(UInt8(ascii: " "))
        else { throw .startLine }
        if let defect = raw.defect { throw defect }
        self.status = Int(status)
        reason = lexer.takeRest()
        let common = try CommonFields(raw.headers)
        (via, from, to, callID, cSeq) = (common.via, common.from, common.to, common.callID, common.cSeq)
        headers = common.others
        body = raw.body
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + headers.bytes.count + body.count)
        bytes.append(literal: "SIP/2.0 ")
        bytes.append(UInt32(status))
        bytes.append(literal: " ")
        bytes.append(onOneLine: reason)
        bytes.append(literal: "\r\n")
        bytes.append(via)
        bytes.appendFields(from: from, to: to, callID: callID, cSeq: cSeq, headers, body: body)
        return bytes
    }
}
