/// The path and query of a request target in origin form (RFC 9112 §3.2.1), percent-encoding undone (RFC 3986 §2.1).
///
/// A target that two readers could understand differently gives nil: an incomplete percent-encoding, bytes that are not
/// UTF-8, control characters, an encoded `/` in a segment, and the segments `.` and `..`.
package struct RequestTarget: Sendable, Equatable {
    /// Decoded; joined by `/`, with one in front, they are ``path``.
    package let segments: [String]
    private let query: [Parameter]

    private struct Parameter: Equatable {
        let name: String
        let value: String
    }

    package init?(_ text: String) {
        let parts = text.utf8.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.first == 0x2F else { return nil }
        var segments: [String] = []
        for encoded in path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decoded(encoded), segment != ".", segment != "..",
                !segment.utf8.contains(0x2F)
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
        guard let query = Self.query(parts.dropFirst().first ?? "".utf8[...]) else { return nil }
        self.query = query
    }

    package var path: String { "/" + segments.joined(separator: "/") }

    /// The value of the first parameter of that name.
    package subscript(name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// Whether there is a parameter of one of the names, in upper or lower case.
    package func hasParameter(_ names: Set<String>) -> Bool {
        query.contains { names.contains($0.name.lowercased()) }
    }

    private static func query(_ text: Substring.UTF8View) -> [Parameter]? {
        var query: [Parameter] = []
        for pair in text.split(separator: 0x26) {
            let sides = pair.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(sides[0]),
                let value = PercentEncoding.decoded(sides.count > 1 ? sides[1] : "".utf8[...])
            else { return nil }
            query.append(Parameter(name: name, value: value))
        }
        return query
    }
}

/// RFC 3986 §2.1.
package enum PercentEncoding {
    /// What the text stands for; nil when an encoding is incomplete or the outcome has control characters or is not UTF-8.
    package static func decoded(_ text: some Collection<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == 0x25 {
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    return nil
                }
                bytes.append(UInt8(high << 4 | low))
            } else {
                bytes.append(byte)
            }
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
