/// The name of a header field: letter case does not count, and a compact form is its long form (RFC 3261 §7.3).
package struct HeaderName: Sendable, ExpressibleByStringLiteral {
    package let rawValue: String
    private let folded: String
    /// The letter it may be written with.
    private let compact: UInt8?

    package init(_ name: String) {
        let lowercased = name.lowercased()
        let long = lowercased.utf8.count == 1 ? lowercased.utf8.first.flatMap { Self.longForms[$0] } : nil
        rawValue = long ?? name
        folded = long?.lowercased() ?? lowercased
        compact = Self.compactForms[folded]
    }

    package init(stringLiteral value: String) { self.init(value) }

    /// Whether a part of a message is this name.
    func matches(_ slice: Slice, of bytes: [UInt8]) -> Bool {
        slice.count == 1 && bytes[slice.start].lowercased == compact || bytes.matches(slice, folded)
    }

    private static let longForms = [
        UInt8(ascii: "a"): "Accept-Contact", UInt8(ascii: "b"): "Referred-By", UInt8(ascii: "c"): "Content-Type",
        UInt8(ascii: "d"): "Request-Disposition", UInt8(ascii: "e"): "Content-Encoding", UInt8(ascii: "f"): "From",
        UInt8(ascii: "i"): "Call-ID", UInt8(ascii: "j"): "Reject-Contact", UInt8(ascii: "k"): "Supported",
        UInt8(ascii: "l"): "Content-Length", UInt8(ascii: "m"): "Contact", UInt8(ascii: "o"): "Event",
        UInt8(ascii: "r"): "Refer-To", UInt8(ascii: "s"): "Subject", UInt8(ascii: "t"): "To",
        UInt8(ascii: "u"): "Allow-Events", UInt8(ascii: "v"): "Via", UInt8(ascii: "x"): "Session-Expires",
        UInt8(ascii: "y"): "Identity",
    ]

    private static let compactForms = Dictionary(
        longForms.map { ($1.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
}

extension HeaderName: Hashable {
    package static func == (left: HeaderName, right: HeaderName) -> Bool { left.folded == right.folded }
    package func hash(into hasher: inout Hasher) { hasher.combine(folded) }
}

extension HeaderName: CustomStringConvertible {
    package var description: String { rawValue }
}

extension HeaderName {
    package static let accept: HeaderName = "Accept"
    package static let acceptEncoding: HeaderName = "Accept-Encoding"
    package static let allow: HeaderName = "Allow"
    package static let authenticationInfo: HeaderName = "Authentication-Info"
    package static let authorization: HeaderName = "Authorization"
    package static let callID: HeaderName = "Call-ID"
    package static let contact: HeaderName = "Contact"
    package static let contentDisposition: HeaderName = "Content-Disposition"
    package static let contentEncoding: HeaderName = "Content-Encoding"
    package static let contentLength: HeaderName = "Content-Length"
    package static let contentType: HeaderName = "Content-Type"
    package static let cSeq: HeaderName = "CSeq"
    package static let date: HeaderName = "Date"
    package static let expires: HeaderName = "Expires"
    package static let flowTimer: HeaderName = "Flow-Timer"
    package static let from: HeaderName = "From"
    package static let maxForwards: HeaderName = "Max-Forwards"
    package static let minExpires: HeaderName = "Min-Expires"
    package static let path: HeaderName = "Path"
    package static let proxyAuthenticate: HeaderName = "Proxy-Authenticate"
    package static let proxyAuthenticationInfo: HeaderName = "Proxy-Authentication-Info"
    package static let proxyAuthorization: HeaderName = "Proxy-Authorization"
    package static let reason: HeaderName = "Reason"
    package static let recordRoute: HeaderName = "Record-Route"
    package static let require: HeaderName = "Require"
    package static let retryAfter: HeaderName = "Retry-After"
    package static let route: HeaderName = "Route"
    package static let server: HeaderName = "Server"
    package static let serviceRoute: HeaderName = "Service-Route"
    package static let supported: HeaderName = "Supported"
    package static let to: HeaderName = "To"
    package static let unsupported: HeaderName = "Unsupported"
    package static let userAgent: HeaderName = "User-Agent"
    package static let via: HeaderName = "Via"
    package static let wwwAuthenticate: HeaderName = "WWW-Authenticate"
}
