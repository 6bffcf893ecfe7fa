import Wire

/// The fields that every message has and that are copied from a request to its responses (RFC 3261 §8.2.6.2), as
/// stretches of the bytes they were read from or written into.
package struct CommonFields: Sendable {
    private(set) var bytes: [UInt8]
    private(set) var via: [Via.Layout]
    private(set) var from: NameAddress.Layout
    private(set) var to: NameAddress.Layout
    private(set) var callID: Slice
    var cSeq: CSeq

    /// The method of CSeq is taken from the request line where it is the same.
    init(_ raw: borrowing RawMessage, method: Method?) throws(Malformed) {
        let bytes = raw.bytes
        var via: [Via.Layout] = []
        via.reserveCapacity(4)
        for entry in raw.headers.entries where entry.kind == .via { try via.append(parsing: entry.value, of: bytes) }
        guard !via.isEmpty else { throw .missing(.via) }
        let from = try NameAddress.Layout(of: try raw.places.single(.from), in: bytes.span)
        let to = try NameAddress.Layout(of: try raw.places.single(.to), in: bytes.span)
        let callID = try raw.places.single(.callID)
        guard bytes.isIdentifier(callID) else { throw .value(.callID) }
        var lexer = Lexer(bytes.span, try raw.places.single(.cSeq).range)
        cSeq = try lexer.takeCSeq(expecting: method)
        (self.bytes, self.via, self.from, self.to, self.callID) = (bytes, via, from, to, callID)
    }

    init(via: [Via], from: NameAddress, to: NameAddress, callID: String, cSeq: CSeq) {
        bytes = []
        self.via = []
        self.from = bytes.adopt(from)
        self.to = bytes.adopt(to)
        self.callID = bytes.adopt(callID)
        self.cSeq = cSeq
        replace(via: via)
    }

    mutating func replace(via hops: [Via]) {
        via = hops.map { bytes.adopt($0) }
    }

    mutating func replace(from address: NameAddress) {
        from = bytes.adopt(address)
    }

    mutating func replace(to address: NameAddress) {
        to = bytes.adopt(address)
    }

    mutating func replace(callID text: String) {
        callID = bytes.adopt(text)
    }
}

extension [UInt8] {
    fileprivate mutating func adopt(_ hop: Via) -> Via.Layout {
        defer { append(hop.layout.whole, of: hop.bytes) }
        return hop.layout.moved(by: count - hop.layout.whole.start)
    }

    fileprivate mutating func adopt(_ address: NameAddress) -> NameAddress.Layout {
        defer { append(address.layout.whole, of: address.bytes) }
        return address.layout.moved(by: count - address.layout.whole.start)
    }

    fileprivate mutating func adopt(_ text: String) -> Slice {
        let start = count
        append(onOneLine: text)
        return Slice(start, count)
    }

    /// Whether a part can be a Call-ID, in which nothing parts its two halves from their surroundings.
    fileprivate func isIdentifier(_ slice: Slice) -> Bool {
        for index in slice.range where !(0x21...0x7E ~= self[index]) { return false }
        return !slice.isEmpty
    }
}
