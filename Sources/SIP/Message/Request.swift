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
        self.via = via
        self.from = from
        self.to = to
        self.callID = callID
        cSeq = CSeq(sequence, method)
        maxForwards = 70
        self.headers = headers
        self.body = body
    }

    /// The text of the body, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The addresses of Contact; none when there are none or they are malformed.
    package var contacts: [NameAddress] { (try? headers.addresses(.contact)) ?? [] }
}

extension Request {
    init(_ raw: RawMessage) throws(Malformed) {
        let parts = raw.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count >= 3, let first = parts.first, let last = parts.last, String(first).isToken else {
            throw .startLine
        }
        guard last == "SIP/2.0" else { throw last.hasPrefix("SIP/") ? .version : .startLine }
        guard parts.count == 3 else { throw .startLine }
        if let defect = raw.defect { throw defect }
        method = Method(rawValue: String(first))
        target = try URI(requestTarget: String(parts[1]))
        let common = try CommonFields(raw.headers)
        guard common.cSeq.method == method else { throw .methodMismatch }
        (via, from, to, callID, cSeq) = (common.via, common.from, common.to, common.callID, common.cSeq)
        maxForwards = try Self.maxForwards(raw.headers.all(.maxForwards))
        headers = common.others
        headers.remove(.maxForwards)
        body = raw.body
    }

    private static func maxForwards(_ values: [String]) throws(Malformed) -> UInt8? {
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw .repeated(.maxForwards) }
        guard value.utf8.allSatisfy(\.isDigit), let count = UInt8(value) else { throw .value(.maxForwards) }
        return count
    }

    package var bytes: [UInt8] {
        var fields = Headers(via.map { Headers.Field(.via, $0.description) })
        if let maxForwards { fields.append(.maxForwards, String(maxForwards)) }
        fields.append(commonFields(from: from, to: to, callID: callID, cSeq: cSeq))
        fields.append(headers)
        return RawMessage(startLine: "\(method) \(target) SIP/2.0", headers: fields, body: body).bytes
    }
}

extension URI {
    /// A Request-URI, which has neither brackets nor headers (RFC 3261 §7.1, §19.1.1).
    fileprivate init(requestTarget text: String) throws(Malformed) {
        try self.init(parsing: text)
        if case .other = scheme { throw .scheme }
        guard headers == nil else { throw .uri }
    }

    /// The URI without what a Request-URI may not hold (RFC 3261 §19.1.1, table 1).
    var asRequestTarget: URI {
        var target = self
        target.headers = nil
        target.parameters["method"] = nil
        return target
    }
}
