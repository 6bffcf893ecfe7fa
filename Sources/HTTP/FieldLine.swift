import HTTPTypes
import Wire

extension HTTPField {
    /// Parses a field line of RFC 9112 §5 without its line end.
    ///
    /// A line that begins with white space (obs-fold), white space before the colon and control characters give nil.
    init?(line: Span<UInt8>) {
        let field: HTTPField? = line.withUnsafeBufferPointer { bytes in
            guard let colon = bytes.firstIndex(of: 0x3A) else { return nil }
            let rawName = UnsafeBufferPointer(rebasing: bytes[..<colon])
            guard
                let name = KnownFieldName.find(rawName) ?? HTTPField.Name(String(decoding: rawName, as: UTF8.self))
            else { return nil }
            let value = UnsafeBufferPointer(rebasing: bytes[(colon + 1)...].trimmingWhitespace)
            guard value.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { return nil }
            return HTTPField(name: name, value: value)
        }
        guard let field else { return nil }
        self = field
    }

    /// Whether it is `Host`, which HTTPTypes has no name for because it is the authority.
    var isHost: Bool { name.canonicalName == "host" }
}

/// The names that requests use most, so that those need not be made out of bytes each time.
private enum KnownFieldName {
    private static let names = [
        "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection",
        "Content-Length", "Content-Type", "Cookie", "Expect", "Host", "Idempotency-Key", "If-Modified-Since",
        "If-None-Match", "Origin", "Referer", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "Transfer-Encoding", "Upgrade", "User-Agent",
    ]
    /// Canonical names by their length.
    private static let byLength: [[([UInt8], HTTPField.Name)]] = {
        let all = names.compactMap { HTTPField.Name($0) }.map { (Array($0.canonicalName.utf8), $0) }
        return (0...24).map { length in all.filter { $0.0.count == length } }
    }()

    static func find(_ bytes: UnsafeBufferPointer<UInt8>) -> HTTPField.Name? {
        guard bytes.count < byLength.count else { return nil }
        for (lowercase, name) in byLength[bytes.count] where bytes.equalsIgnoringCase(lowercase) { return name }
        return nil
    }
}

extension Collection<UInt8> {
    /// Compares without regard to the case of ASCII letters and of no others; `lowercase` has none in upper case.
    func equalsIgnoringCase(_ lowercase: some Collection<UInt8>) -> Bool {
        count == lowercase.count
            && zip(self, lowercase).allSatisfy { byte, expected in
                byte == expected || (0x41...0x5A).contains(byte) && byte | 0x20 == expected
            }
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// Without the optional white space of RFC 9110 §5.6.3 at either end.
    fileprivate var trimmingWhitespace: Self {
        var (start, end) = (startIndex, endIndex)
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
        return self[start..<end]
    }
}

extension HTTPFields {
    /// The elements of a comma-separated list of tokens, RFC 9110 §5.6.1, over all field lines of that name.
    package func tokens(of name: HTTPField.Name) -> [String] {
        self[values: name].flatMap { value in
            value.split(separator: ",").compactMap { element in
                let token = element.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }
                return token.isEmpty ? nil : String(token.reversed())
            }
        }
    }

    /// Whether the list of tokens holds one, given in lower case and compared without case.
    package func hasToken(_ token: String, in name: HTTPField.Name) -> Bool {
        contains(name) && tokens(of: name).contains { $0.utf8.equalsIgnoringCase(token.utf8) }
    }
}
