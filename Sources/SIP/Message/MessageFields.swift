/// What requests and responses have in common.
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

    /// No fewer bytes than ``writeFields(to:maxForwards:)`` writes.
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
        writer.write(onOneLine: cSeq.method.rawValue)
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
