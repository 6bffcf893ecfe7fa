import HTTPTypes
import Wire

/// The client's side of RFC 9112 for a connection with one request: its bytes become the answer.
///
/// It reads as strictly as ``RequestParser``; interim answers (1xx) are passed over.
package struct ResponseParser: Sendable {
    package struct Response: Sendable, Equatable {
        package var status: Int
        package var fields: HTTPFields
        package var body: [UInt8]
    }

    package enum Failure: Error, Equatable { case malformed, tooLarge }

    private enum Framing {
        case length(Int)
        case chunked(ChunkedBody)
        case untilEnd
    }

    private enum State {
        case statusLine
        case fields(status: Int, HTTPFields, bytes: Int)
        case body(Response, Framing)
    }

    private let limits: RequestParser.Limits
    private var buffer = LineBuffer()
    private var state = State.statusLine
    private var body: [UInt8] = []

    package init(bodyLimit: Int) {
        var limits = RequestParser.Limits()
        limits.body = bodyLimit
        self.limits = limits
    }

    /// Takes in bytes of the answer; nil while it is not complete.
    package mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> Response? {
        buffer.append(bytes)
        while true {
            switch state {
            case .statusLine:
                guard let line = try takeLine(limit: limits.requestLine) else { return nil }
                guard let status = StatusLine.status(buffer.bytes.span.extracting(line)) else { throw .malformed }
                state = .fields(status: status, [:], bytes: 0)
            case .fields(let status, let fields, let bytes):
                guard let line = try takeLine(limit: limits.header - bytes) else { return nil }
                if line.isEmpty {
                    state = try Self.afterFields(status, fields)
                } else {
                    state = .fields(
                        status: status, try fields.appending(buffer.bytes.span.extracting(line), limits: limits),
                        bytes: min(bytes + line.count + 2, limits.header))
                }
            case .body(let response, let framing):
                return try takeBody(of: response, framing)
            }
        }
    }

    /// The end of the connection, which ends a body of unknown length.
    package mutating func connectionEnded() throws(Failure) -> Response {
        guard case .body(var response, .untilEnd) = state else { throw .malformed }
        response.body = body
        return response
    }

    private mutating func takeLine(limit: Int) throws(Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: limit)
        } catch {
            throw error == .tooLong ? .tooLarge : .malformed
        }
    }

    /// RFC 9112 §6.3: a 204 and a 304 have no body.
    private static func afterFields(_ status: Int, _ fields: HTTPFields) throws(Failure) -> State {
        guard status >= 200 else { return .statusLine }
        let response = Response(status: status, fields: fields, body: [])
        if status == 204 || status == 304 { return .body(response, .length(0)) }
        guard fields.contains(.transferEncoding) || fields.contains(.contentLength) else {
            return .body(response, .untilEnd)
        }
        do {
            switch try BodyFraming(fields, minorVersion: 1) {
            case .length(let length): return .body(response, .length(length))
            case .chunked: return .body(response, .chunked(ChunkedBody()))
            }
        } catch {
            throw .malformed
        }
    }

    private mutating func takeBody(of response: Response, _ framing: Framing) throws(Failure) -> Response? {
        var isComplete = false
        switch framing {
        case .length(let length):
            guard length <= limits.body else { throw .tooLarge }
            let piece = buffer.take(upTo: length - body.count)
            body.append(contentsOf: buffer.bytes[piece])
            isComplete = body.count == length
        case .chunked(var chunked):
            do {
                isComplete = try chunked.decode(&buffer, into: &body, limits: limits)
            } catch {
                throw error == .bodyTooLarge ? .tooLarge : .malformed
            }
            state = .body(response, .chunked(chunked))
        case .untilEnd:
            guard body.count + buffer.count <= limits.body else { throw .tooLarge }
            body += buffer.takeRest()
        }
        guard isComplete else { return nil }
        var whole = response
        whole.body = body
        return whole
    }
}

extension HTTPFields {
    fileprivate func appending(
        _ line: Span<UInt8>, limits: RequestParser.Limits
    ) throws(ResponseParser.Failure) -> HTTPFields {
        guard let field = HTTPField(line: line) else { throw .malformed }
        guard count < limits.fieldCount else { throw .tooLarge }
        var fields = self
        fields.append(field)
        return fields
    }
}
