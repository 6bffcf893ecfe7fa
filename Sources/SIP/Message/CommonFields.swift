/// The fields that every message has and that are copied from a request to its responses (RFC 3261 §8.2.6.2).
struct CommonFields {
    var via: [Via] = []
    var from: NameAddress
    var to: NameAddress
    var callID: String
    var cSeq: CSeq
    var others: Headers

    init(_ headers: Headers) throws(Malformed) {
        guard headers[.via] != nil else { throw .missing(.via) }
        for value in headers.all(.via) { via += try Via.list(parsing: value) }
        from = try NameAddress(parsing: try headers.single(.from))
        to = try NameAddress(parsing: try headers.single(.to))
        callID = try headers.single(.callID)
        guard !callID.isEmpty, callID.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { throw .value(.callID) }
        cSeq = try CSeq(parsing: try headers.single(.cSeq))
        others = headers
        for name in [HeaderName.via, .from, .to, .callID, .cSeq, .contentLength] { others.remove(name) }
    }
}

extension Headers {
    fileprivate func single(_ name: HeaderName) throws(Malformed) -> String {
        let values = all(name)
        guard let value = values.first else { throw .missing(name) }
        guard values.count == 1 else { throw .repeated(name) }
        return value
    }
}

func commonFields(from: NameAddress, to: NameAddress, callID: String, cSeq: CSeq) -> Headers {
    [.from: from.description, .to: to.description, .callID: callID, .cSeq: cSeq.description]
}
