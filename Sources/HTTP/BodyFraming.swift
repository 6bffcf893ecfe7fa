import HTTPTypes

/// How the end of a request's body is known, RFC 9112 §6.
///
/// Stricter than the RFC: a repeated or listed `Content-Length` is refused even when its values agree, and so is a
/// `Transfer-Encoding` with empty elements or on several lines.
enum BodyFraming: Equatable {
    case length(Int)
    case chunked

    init(_ fields: HTTPFields, minorVersion: Int) throws(RequestParser.Failure) {
        if fields.contains(.transferEncoding) {
            guard !fields.contains(.contentLength), minorVersion == 1 else { throw .malformed }
            try Self.checkCodings(fields[values: .transferEncoding])
            self = .chunked
        } else if fields.contains(.contentLength) {
            self = .length(try Self.length(fields[values: .contentLength]))
        } else {
            self = .length(0)
        }
    }

    /// Chunked must be the last coding and applied once (§6.1, §7); any other is not supported.
    private static func checkCodings(_ values: [String]) throws(RequestParser.Failure) {
        guard values.count == 1, let value = values.first else { throw .malformed }
        let codings = value.utf8.split(separator: 0x2C, omittingEmptySubsequences: false).map { coding in
            coding.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()
        }
        let areChunked = codings.map { $0.equalsIgnoringCase("chunked".utf8) }
        guard areChunked.last == true, !areChunked.dropLast().contains(true), !codings.contains(where: \.isEmpty) else {
            throw .malformed
        }
        guard codings.count == 1 else { throw .codingNotSupported }
    }

    private static func length(_ values: [String]) throws(RequestParser.Failure) -> Int {
        guard values.count == 1, let value = values.first, !value.isEmpty else { throw .malformed }
        guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformed }
        guard let length = Int(value) else { throw .bodyTooLarge }
        return length
    }
}
