import Wire

/// A request; the fields every request must have stand apart, the others are in `headers` (RFC 3261 §8.1.1).
package struct Request: MessageFields {
    package var method: Method
    package var target: URI
    package var common: CommonFields
    /// Absent only from a client of RFC 2543.
    package var maxForwards: UInt8?
    /// Everything else, Content-Length excepted: the writer counts by itself.
    package var headers: Headers
    package var body: [UInt8]

    package init(
        _ method: Method, target: URI, via: [Via] = [], from: NameAddress, to: NameAddress, callID: String,
        sequence: UInt32, headers: Headers = [:], body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        common = CommonFields(via: via, from: from, to: to, callID: callID, cSeq: CSeq(sequence, method))
        maxForwards = 70
        self.headers = headers
        self.body = body
    }
}

extension Request {
    init(_ raw: borrowing RawMessage) throws(Malformed) {
        if raw.startLine.isEmpty, let defect = raw.defect { throw defect }
        let line = try RequestLine(raw)
        if let defect = raw.defect { throw defect }
        let method = Method(rawValue: raw.bytes.text(line.method))
        let target = try line.target(in: raw.bytes)
        let common = try CommonFields(raw, method: method)
        guard common.cSeq.method == method else { throw .methodMismatch }
        maxForwards = try raw.maxForwards
        self.method = method
        self.target = target
        self.common = common
        headers = raw.headers
        body = raw.body
    }

    package var bytes: [UInt8] {
        let length = 16 + method.rawValue.utf8.count + target.layout.whole.count + fieldsLength
        return MessageWriter.bytes(capacity: length) { writer in
            writer.write(onOneLine: method.rawValue)
            writer.write(literal: " ")
            writer.write(target.layout.whole, of: target.bytes)
            writer.write(literal: " SIP/2.0\r\n")
            writeFields(to: &writer, maxForwards: maxForwards)
        }
    }
}

extension Request: Equatable {
    package static func == (left: Request, right: Request) -> Bool {
        left.method == right.method && left.target == right.target && left.maxForwards == right.maxForwards
            && left.hasSameFields(as: right)
    }
}

/// `Request-Line` of RFC 3261 §7.1.
private struct RequestLine {
    let method: Slice
    private let uri: Slice

    init(_ raw: borrowing RawMessage) throws(Malformed) {
        var lexer = Lexer(raw.bytes.span, raw.startLine.range)
        guard let method = lexer.tokenSlice(), lexer.takeJust(UInt8(ascii: " ")) else { throw .startLine }
        self.method = method
        uri = lexer.slice { $0 != UInt8(ascii: " ") }
        guard lexer.takeJust(UInt8(ascii: " ")) else { throw .startLine }
        var version = lexer.slice { $0 != UInt8(ascii: " ") }
        let hasMore = !lexer.isAtEnd
        while lexer.takeJust(UInt8(ascii: " ")) { version = lexer.slice { $0 != UInt8(ascii: " ") } }
        if !raw.bytes.matches(version, lowercase: "sip/2.0") {
            throw raw.bytes.text(version).uppercased().hasPrefix("SIP/") ? .version : .startLine
        }
        guard !hasMore else { throw .startLine }
    }

    func target(in bytes: [UInt8]) throws(Malformed) -> URI {
        guard uri.count <= RawMessage.Limit.target else { throw .targetTooLong }
        let layout = try URI.Layout(of: uri, in: bytes.span)
        guard layout.kind != .other else { throw .scheme }
        guard layout.headers.isEmpty else { throw .uri }
        return URI(bytes, layout)
    }
}

extension RawMessage {
    fileprivate var maxForwards: UInt8? {
        get throws(Malformed) {
            guard places.has(.maxForwards) else { return nil }
            var lexer = Lexer(bytes.span, try places.single(.maxForwards).range)
            guard let number = lexer.takeNumber(), lexer.isAtEnd, let count = UInt8(exactly: number) else {
                throw .value(.maxForwards)
            }
            return count
        }
    }
}

extension URI {
    /// The URI without what a Request-URI may not hold (RFC 3261 §19.1.1, table 1).
    var asRequestTarget: URI {
        var target = self
        target.headers = nil
        target.parameters["method"] = nil
        return target
    }
}
