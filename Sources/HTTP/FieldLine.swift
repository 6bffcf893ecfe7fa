import HTTPTypes
import Wire

extension HTTPField {
    /// Parses a field line of RFC 9112 §5 without its line end.
    ///
    /// A line that begins with white space (obs-fold), white space before the colon and control characters give nil.
    init?(line: Span<UInt8>) {
        let field: HTTPField? = line.withUnsafeBufferPointer { bytes in
            guard let colon = bytes.firstIndex(of: 0x3A),
                let name = HTTPField.Name(String(decoding: bytes[..<colon], as: UTF8.self))
            else { return nil }
            let value = bytes[(colon + 1)...].trimmingWhitespace
            guard value.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { return nil }
            return HTTPField(name: name, value: value)
        }
        guard let field else { return nil }
        self = field
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

    /// Whether the list of tokens holds one, compared without case.
    package func hasToken(_ token: String, in name: HTTPField.Name) -> Bool {
        tokens(of: name).contains { $0.lowercased() == token }
    }
}
