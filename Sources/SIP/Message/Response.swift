import Wire

/// A response; the fields every response must have stand apart, the others are in `headers` (RFC 3261 §8.2.6).
package struct Response: MessageFields {
    /// 100 to 699.
    package var status: Int
    package var reason: String
    package var common: CommonFields
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
        common = request.common
        self.headers = headers
        self.body = body
        if to.tag == nil, let tag { to.tag = tag }
    }

    package var isProvisional: Bool { status < 200 }
    package var isSuccess: Bool { 200..<300 ~= status }
}

extension Response {
    init(_ raw: borrowing RawMessage) throws(Malformed) {
        var lexer = Lexer(raw.bytes.span, raw.startLine.range)
        let version = lexer.slice { $0 != UInt8(ascii: " ") }
        guard lexer.takeJust(UInt8(ascii: " ")) else { throw .startLine }
        guard raw.bytes.matches(version, lowercase: "sip/2.0") else { throw .version }
        let start = lexer.position
        guard let status = lexer.takeNumber(), lexer.position == start + 3, 100..<700 ~= status,
            lexer.takeJust(UInt8(ascii: " "))
        else { throw .startLine }
        if let defect = raw.defect { throw defect }
        let reason = lexer.takeRest()
        let common = try CommonFields(raw, method: nil)
        (self.status, self.reason, self.common) = (Int(status), reason, common)
        headers = raw.headers
        body = raw.body
    }

    package var bytes: [UInt8] {
        MessageWriter.bytes(capacity: 32 + reason.utf8.count + fieldsLength) { writer in
            writer.write(literal: "SIP/2.0 ")
            writer.write(UInt32(status))
            writer.write(literal: " ")
            writer.write(onOneLine: reason)
            writer.write(literal: "\r\n")
            writeFields(to: &writer)
        }
    }
}

extension Response: Equatable {
    package static func == (left: Response, right: Response) -> Bool {
        left.status == right.status && left.reason == right.reason && left.hasSameFields(as: right)
    }
}
