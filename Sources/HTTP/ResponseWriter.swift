import HTTPTypes

/// The server's half of RFC 9112 §4 and §6: a response with a whole body becomes bytes.
package enum ResponseWriter {
    /// The fields the writer sets itself, so that the framing is always right.
    private static let ownFields: Set<HTTPField.Name> = [.contentLength, .transferEncoding, .connection, .date]

    /// Appends the answer to a request of `method`; `date` is an ``HTTPDate``.
    package static func append(
        _ response: HTTPResponse, body: [UInt8], to method: HTTPRequest.Method, keepsAlive: Bool, date: String,
        into bytes: inout [UInt8]
    ) {
        append(statusLineOf: response.status, into: &bytes)
        for field in response.headerFields where !ownFields.contains(field.name) {
            append(field, into: &bytes)
        }
        append(HTTPField(name: .date, value: date), into: &bytes)
        let mayHaveBody = response.status.code >= 200 && response.status.code != 204 && response.status.code != 304
        if mayHaveBody { append(HTTPField(name: .contentLength, value: String(body.count)), into: &bytes) }
        if !keepsAlive { append(HTTPField(name: .connection, value: "close"), into: &bytes) }
        bytes.append(contentsOf: "\r\n".utf8)
        if mayHaveBody, method != .head { bytes.append(contentsOf: body) }
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

    private static func append(_ field: HTTPField, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: field.name.rawName.utf8)
        bytes.append(contentsOf: ": ".utf8)
        field.withUnsafeBytesOfValue { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\r\n".utf8)
    }
}
