import HTTPTypes

/// The server's half of RFC 9112 §4 and §6: a response becomes bytes, with a whole body or in pieces.
package enum ResponseWriter {
    /// Appends the answer to a request of `method`; `date` is an ``HTTPDate``.
    package static func append(
        _ response: HTTPResponse, body: [UInt8], to method: HTTPRequest.Method, keepsAlive: Bool, date: String,
        into bytes: inout [UInt8]
    ) {
        append(response, date: date, into: &bytes)
        let mayHaveBody = response.status.mayHaveBody
        if mayHaveBody { append("Content-Length", String(body.count), into: &bytes) }
        if !keepsAlive { append("Connection", "close", into: &bytes) }
        bytes.append(contentsOf: "\r\n".utf8)
        if mayHaveBody, method != .head { bytes.append(contentsOf: body) }
    }

    /// How the end of a body is known that is sent in pieces, RFC 9112 §6.
    package enum StreamFraming: Sendable {
        case chunked
        case untilClose
        /// The body of this status or to HTTP/1.0's HEAD is empty.
        case none
        /// The head of a chunked body without that body, the answer to HEAD.
        case chunkedHeadOnly

        package init(_ status: HTTPResponse.Status, to method: HTTPRequest.Method, minorVersion: Int) {
            self =
                switch (status.mayHaveBody, minorVersion, method) {
                case (false, _, _), (_, 0, .head): .none
                case (_, 0, _): .untilClose
                case (_, _, .head): .chunkedHeadOnly
                default: .chunked
                }
        }

        package var hasBody: Bool { self == .chunked || self == .untilClose }
        fileprivate var isChunked: Bool { self == .chunked || self == .chunkedHeadOnly }
    }

    /// Appends the head of a response whose body follows in pieces.
    package static func append(
        headOf response: HTTPResponse, framing: StreamFraming, keepsAlive: Bool, date: String, into bytes: inout [UInt8]
    ) {
        append(response, date: date, into: &bytes)
        if framing.isChunked { append("Transfer-Encoding", "chunked", into: &bytes) }
        if !keepsAlive || framing == .untilClose { append("Connection", "close", into: &bytes) }
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// Appends a piece of the body; an empty one, which would end a chunked body, is left out.
    package static func append(piece: [UInt8], framing: StreamFraming, into bytes: inout [UInt8]) {
        guard !piece.isEmpty, framing.hasBody else { return }
        if framing == .chunked { bytes.append(contentsOf: "\(String(piece.count, radix: 16))\r\n".utf8) }
        bytes.append(contentsOf: piece)
        if framing == .chunked { bytes.append(contentsOf: "\r\n".utf8) }
    }

    package static func append(endOf framing: StreamFraming, into bytes: inout [UInt8]) {
        if framing == .chunked { bytes.append(contentsOf: "0\r\n\r\n".utf8) }
    }

    /// Appends a response that has no body and no framing: 100 or 101.
    package static func append(informational response: HTTPResponse, into bytes: inout [UInt8]) {
        append(statusLineOf: response.status, into: &bytes)
        for field in response.headerFields { append(field, into: &bytes) }
        bytes.append(contentsOf: "\r\n".utf8)
    }

    private static func append(statusLineOf status: HTTPResponse.Status, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(contentsOf: String(status.code).utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: status.reasonPhrase.utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// Appends all but what the writer itself says about the connection and the body, so that the framing is always right.
    private static func append(_ response: HTTPResponse, date: String, into bytes: inout [UInt8]) {
        append(statusLineOf: response.status, into: &bytes)
        for field in response.headerFields where !field.name.isOwn { append(field, into: &bytes) }
        append("Date", date, into: &bytes)
    }

    private static func append(_ name: String, _ value: String, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: ": ".utf8)
        bytes.append(contentsOf: value.utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    private static func append(_ field: HTTPField, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: field.name.rawName.utf8)
        bytes.append(contentsOf: ": ".utf8)
        field.withUnsafeBytesOfValue { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\r\n".utf8)
    }
}

extension HTTPResponse.Status {
    /// RFC 9110 §6.4.1.
    fileprivate var mayHaveBody: Bool { code >= 200 && code != 204 && code != 304 }
}

extension HTTPField.Name {
    /// Whether ``ResponseWriter`` sets the field.
    fileprivate var isOwn: Bool {
        switch canonicalName {
        case "content-length", "transfer-encoding", "connection", "date": true
        default: false
        }
    }
}
