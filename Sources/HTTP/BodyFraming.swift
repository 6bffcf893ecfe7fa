import HTTPTypes

/// How the end of a request's body is known, RFC 9112 §6.
///
/// Stricter than the RFC: a repeated or listed `Content-Length` is refused even when its values agree.
enum BodyFraming: Equatable {
    case length(Int)
    case chunked

    init(_ fields: HTTPFields, minorVersion: Int) throws(RequestParser.Failure) {
        let codings = fields.tokens(of: .transferEncoding).map { $0.lowercased() }
        let lengths = fields[values: .contentLength]
        if fields.contains(.transferEncoding) {
            guard lengths.isEmpty, minorVersion == 1, codings.last == "chunked" else { throw .malformed }
            guard codings.count == 1 else { throw .codingNotSupported }
            self = .chunked
        } else if let length = lengths.first {
            guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .malformed
            }
            guard let count = Int(length) else { throw .bodyTooLarge }
            self = .length(count)
        } else {
            self = .length(0)
        }
    }
}
