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

/// A request or a response.
package protocol MessageFields: Sendable {
    var common: CommonFields { get set }
    var headers: Headers { get set }
    var body: [UInt8] { get set }
}

extension MessageFields {
    /// The nearest hop first.
    package var via: [Via] {
        get { common.via.map { Via(common.bytes, $0) } }
        set { common.replace(via: newValue) }
    }

    /// The hop the message comes from, or a response goes to.
    package var nearestHop: Via? { common.via.first.map { Via(common.bytes, $0) } }

    package var from: NameAddress {
        get { NameAddress(common.bytes, common.from) }
        set { common.replace(from: newValue) }
    }

    package var to: NameAddress {
        get { NameAddress(common.bytes, common.to) }
        set { common.replace(to: newValue) }
    }

    package var callID: String {
        get { common.bytes.text(common.callID) }
        set { common.replace(callID: newValue) }
    }

    package var cSeq: CSeq {
        get { common.cSeq }
        set { common.cSeq = newValue }
    }

    /// The text of the body, ill-formed UTF-8 repaired.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The addresses of Contact; none when there are none or they are malformed.
    package var contacts: [NameAddress] { (try? headers.addresses(.contact)) ?? [] }

    /// The body with its description.
    package var content: BodyPart { BodyPart(headers, body) }

    func hasSameFields(as other: Self) -> Bool {
        via == other.via && from == other.from && to == other.to && callID == other.callID && cSeq == other.cSeq
            && headers == other.headers && body == other.body
    }

    /// The most bytes that ``write(to:afterVia:)`` writes.
    var fieldsLength: Int {
        var length = 128 + common.from.whole.count + common.to.whole.count + common.callID.count + body.count
        length += cSeq.method.rawValue.utf8.count
        for hop in common.via { length += 8 + hop.whole.count }
        for entry in headers.entries { length += 2 + entry.line.count }
        return length
    }

    /// Writes every field, then the body; Content-Length is counted here.
    func writeFields(to writer: inout MessageWriter, maxForwards: UInt8? = nil) {
        for hop in common.via {
            writer.write(literal: "Via: ")
            writer.write(hop.whole, of: common.bytes)
            writer.write(literal: "\r\n")
        }
        if let maxForwards {
            writer.write(literal: "Max-Forwards: ")
            writer.write(UInt32(maxForwards))
            writer.write(literal: "\r\n")
        }
        writer.write(literal: "From: ")
        writer.write(common.from.whole, of: common.bytes)
        writer.write(literal: "\r\nTo: ")
        writer.write(common.to.whole, of: common.bytes)
        writer.write(literal: "\r\nCall-ID: ")
        writer.write(common.callID, of: common.bytes)
        writer.write(literal: "\r\nCSeq: ")
        writer.write(cSeq.number)
        writer.write(literal: " ")
        writer.write(cSeq.method.rawValue)
        writer.write(literal: "\r\n")
        for entry in headers.entries where entry.kind == .other {
            writer.write(entry.line, of: headers.bytes)
            writer.write(literal: "\r\n")
        }
        writer.write(literal: "Content-Length: ")
        writer.write(UInt32(body.count))
        writer.write(literal: "\r\n\r\n")
        writer.write(body)
    }
}
