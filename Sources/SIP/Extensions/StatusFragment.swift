/// The status line in the `message/sipfrag` body of a NOTIFY about a REFER (RFC 3515 §2.4.5, RFC 3420).
package struct StatusFragment: Sendable, Hashable {
    /// 100 to 699.
    package var status: Int
    package var reason: String

    package init(_ status: Int, reason: String? = nil) {
        self.status = status
        self.reason = reason ?? reasonPhrase(status)
    }

    /// The first line; what follows is of no matter.
    package init(parsing body: [UInt8]) throws(Malformed) {
        let line = String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0] == "SIP/2.0", let status = UInt32(digits: parts[1]), 100..<700 ~= status else {
            throw .startLine
        }
        self.init(Int(status), reason: parts.count == 3 ? parts[2].trimmed : nil)
    }

    var bytes: [UInt8] { Array("SIP/2.0 \(status) \(reason)\r\n".utf8) }
}
