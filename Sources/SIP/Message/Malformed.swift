/// What is wrong with a message or with one of its values.
package enum Malformed: Error, Hashable, Sendable {
    /// More bytes or more header fields than are taken from a peer.
    case tooLarge
    case startLine
    case version
    /// A request-URI of a scheme other than `sip` and `sips`.
    case scheme
    case headerLine
    case missing(HeaderName)
    case repeated(HeaderName)
    case value(HeaderName)
    /// The method of CSeq is not the request's.
    case methodMismatch
    /// Fewer bytes follow the header fields than Content-Length says.
    case incompleteBody
    case uri
    case parameter
    case address
    case quotedString
    case digest

    /// The status a server answers such a request with (RFC 3261 §8.2, §21.4, §21.5).
    package var status: Int {
        switch self {
        case .tooLarge: 513
        case .version: 505
        case .scheme: 416
        default: 400
        }
    }
}
