/// The name of a header field: letter case does not count, and a compact form is its long form (RFC 3261 §7.3).
package struct HeaderName: Sendable, ExpressibleByStringLiteral {
    package let rawValue: String
    private let folded: String

    package init(_ name: String) {
        let lowercased = name.lowercased()
        rawValue = Self.longForms[lowercased] ?? name
        folded = rawValue.lowercased()
    }

    package init(stringLiteral value: String) { self.init(value) }

    private static let longForms = [
        "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
        "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
        "l": "Content-Length", "m": "Contact", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To",
        "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
    ]
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
    package static let allow: HeaderName = "Allow"
    package static let authenticationInfo: HeaderName = "Authentication-Info"
    package static let authorization: HeaderName = "Authorization"
    package static let callID: HeaderName = "Call-ID"
    package static let contact: HeaderName = "Contact"
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
