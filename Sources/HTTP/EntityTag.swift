import Crypto
import HTTPTypes
import Wire

/// A strong entity tag, RFC 9110 §8.8.3.
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    private let opaque: String

    /// The tag of content, a digest of it.
    package init(of content: Span<UInt8>) {
        opaque = Base64.encode(Array(Digest.sha256(content).prefix(15)))
    }

    /// As it stands in a field, quotation marks included.
    package var description: String { "\"\(opaque)\"" }

    /// Whether an `If-None-Match` (RFC 9110 §13.1.2) names it, by the weak comparison; what is no list of tags names none.
    package func isNamed(by ifNoneMatch: String) -> Bool {
        var rest = ifNoneMatch.utf8[...].trimmed
        if rest.elementsEqual("*".utf8) { return true }
        var isNamed = false
        while !rest.isEmpty {
            if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
            guard rest.popFirst() == 0x22, let end = rest.firstIndex(of: 0x22) else { return false }
            if rest[..<end].elementsEqual(opaque.utf8) { isNamed = true }
            rest = rest[end...].dropFirst().trimmed
            guard rest.isEmpty || rest.popFirst() == 0x2C else { return false }
            rest = rest.trimmed
        }
        return isNamed
    }
}

extension Substring.UTF8View {
    /// Without white space at either end.
    fileprivate var trimmed: Self {
        var text = drop { $0 == 0x20 || $0 == 0x09 }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }
}

/// Content that stays the same while the program runs, with answers to conditional requests for it.
package struct StaticContent: Sendable {
    package let bytes: [UInt8]
    package let type: String
    package let tag: EntityTag
    /// Seconds since 1970, nil if nobody knows.
    package let modified: Int?

    package init(_ bytes: [UInt8], type: String, modified: Int? = nil) {
        self.bytes = bytes
        self.type = type
        self.modified = modified
        tag = EntityTag(of: bytes.span)
    }

    /// The answer to a GET or a HEAD: 304 when the client has it already (RFC 9110 §13.2.2), otherwise 200.
    package func answer(to request: HTTPRequest) -> (response: HTTPResponse, body: [UInt8]) {
        var fields: HTTPFields = [.eTag: tag.description, .cacheControl: "no-cache"]
        fields[.lastModified] = modified.map(HTTPDate.text(secondsSince1970:))
        guard !isHeld(by: request) else { return (HTTPResponse(status: .notModified, headerFields: fields), []) }
        fields[.contentType] = type
        return (HTTPResponse(status: .ok, headerFields: fields), bytes)
    }

    /// `If-Modified-Since` counts only without `If-None-Match` (§13.1.3).
    private func isHeld(by request: HTTPRequest) -> Bool {
        if let tags = request.headerFields[.ifNoneMatch] { return tag.isNamed(by: tags) }
        guard let text = request.headerFields[.ifModifiedSince], let since = HTTPDate.secondsSince1970(text),
            let modified
        else { return false }
        return modified <= since
    }
}
