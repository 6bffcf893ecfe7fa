/// What is wrong with a message or with one of its values.
package enum Malformed: Error, Hashable, Sendable {
    /// More is sent before the body than is taken from a peer.
    case messageTooLarge
    case bodyTooLarge
    case targetTooLong
    case fieldTooLong
    case tooManyFields
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
    /// A body whose parts cannot be told apart.
    case multipart
    case tooManyParts
    case nestedTooDeep

    /// The status a server answers such a request with (RFC 3261 §8.2, §21.4, §21.5).
    package var status: Int {
        switch self {
        case .messageTooLarge: 513
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .version: 505
        case .scheme: 416
        default: 400
        }
    }

    /// The words beside the status, which say what is wrong (RFC 3261 §21.4.1).
    package var phrase: String {
        switch self {
        case .fieldTooLong: "Header Field Too Long"
        case .tooManyFields: "Too Many Header Fields"
        case .startLine: "Bad Request-Line"
        case .headerLine: "Bad Header Field"
        case .missing(let name): "Missing \(name)"
        case .repeated(let name): "More Than One \(name)"
        case .value(let name): "Bad \(name)"
        case .methodMismatch: "CSeq Names Another Method"
        case .incompleteBody: "Body Shorter Than Content-Length"
        case .uri: "Bad URI"
        case .parameter: "Bad Parameter"
        case .address: "Bad Address"
        case .quotedString: "Bad Quoted String"
        case .digest: "Bad Digest"
        case .multipart: "Bad Multipart Body"
        case .tooManyParts: "Too Many Body Parts"
        case .nestedTooDeep: "Body Parts Nested Too Deep"
        case .messageTooLarge, .bodyTooLarge, .targetTooLong, .version, .scheme: reasonPhrase(status)
        }
    }
}
