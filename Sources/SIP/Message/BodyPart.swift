import Wire

/// A body with the fields that describe it: of a message, or a part of a multipart body (RFC 2046 §5.1, RFC 5621).
package struct BodyPart: Sendable, Equatable {
    package var headers: Headers
    package var bytes: [UInt8]

    package init(_ headers: Headers, _ bytes: [UInt8]) {
        self.headers = headers
        self.bytes = bytes
    }

    /// Type and subtype in lower case; `text/plain` when none is named (RFC 2046 §5.1).
    package var mediaType: String {
        headers[.contentType].map { MediaType($0).name } ?? "text/plain"
    }

    /// Whether whoever does not know the type may pass over the body (RFC 3261 §20.11).
    package var isOptional: Bool {
        let disposition = headers[.contentDisposition].map { MediaType($0) }
        return disposition?.parameters["handling"]?.lowercased() == "optional"
    }

    private enum Limit {
        static let parts = 32
        static let depth = 4
    }

    /// What it is made of, in order: itself, or the parts that are no multiparts themselves.
    package func parts() throws(Malformed) -> [BodyPart] {
        var parts: [BodyPart] = []
        try collect(into: &parts, depth: 0)
        return parts
    }

    private func collect(into parts: inout [BodyPart], depth: Int) throws(Malformed) {
        guard let type = headers[.contentType].map({ MediaType($0) }), type.name.hasPrefix("multipart/") else {
            guard parts.count < Limit.parts else { throw .tooManyParts }
            return parts.append(self)
        }
        guard depth < Limit.depth else { throw .nestedTooDeep }
        guard let boundary = type.parameters["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw .multipart
        }
        var walk = Boundaries(boundary)
        try walk.findNext(in: bytes)
        while !walk.isClosed {
            let start = walk.position
            try walk.findNext(in: bytes)
            try BodyPart(encapsulated: bytes[start..<walk.delimiterStart]).collect(into: &parts, depth: depth + 1)
        }
    }

    /// A part as it stands between two boundaries: header fields, an empty line, a body.
    private init(encapsulated bytes: ArraySlice<UInt8>) throws(Malformed) {
        let part = Array(bytes)
        var lines = HeadLines(of: part.span)
        try lines.takeFields(in: part.span)
        headers = Headers(lines, of: part.span)
        self.bytes = Array(part[lines.position...])
    }
}

extension BodyPart {
    /// The first part of that type; nil where there is none or the parts cannot be told apart.
    package func part(_ mediaType: String) -> BodyPart? {
        (try? parts())?.first { $0.mediaType == mediaType }
    }
}

/// A walk over the delimiter lines of a multipart body (RFC 2046 §5.1.1).
private struct Boundaries {
    /// Behind the delimiter found last.
    private(set) var position = 0
    /// Where that delimiter begins, the line end before it included.
    private(set) var delimiterStart = 0
    private(set) var isClosed = false
    private let delimiter: [UInt8]

    init(_ boundary: String) {
        delimiter = Array("--\(boundary)".utf8)
    }

    mutating func findNext(in bytes: [UInt8]) throws(Malformed) {
        var line = position
        while line < bytes.count {
            let end = bytes.endOfLine(from: line)
            if bytes[line..<end].starts(with: delimiter) {
                let rest = bytes.span.trimmed(Slice(line + delimiter.count, end))
                isClosed = bytes.matches(rest, "--")
                if rest.isEmpty || isClosed {
                    delimiterStart = max(position, line - 2)
                    position = min(end + 2, bytes.count)
                    return
                }
            }
            line = end + 2
        }
        throw .multipart
    }
}

extension [UInt8] {
    /// Where the next CR LF is; the end of the bytes if there is none.
    fileprivate func endOfLine(from start: Int) -> Int {
        var end = start
        while end < count {
            if self[end] == .carriageReturn, end + 1 < count, self[end + 1] == .lineFeed { return end }
            end += 1
        }
        return end
    }
}
