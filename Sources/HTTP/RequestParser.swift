import HTTPTypes
import Wire

/// The server's side of RFC 9112: the bytes of one connection become whole requests.
///
/// Where the RFC lets a recipient be lenient (a bare LF as line end, obs-fold, repeated equal `Content-Length`), it is not.
package struct RequestParser: Sendable {
    package struct Limits: Sendable {
        package var requestLine = 8 * 1024
        /// Bytes of the field lines of a head, and again of a trailer section.
        package var header = 16 * 1024
        package var fieldCount = 100
        package var body = 1024 * 1024
        package var chunkLine = 256

        package init() {}
    }

    package struct Request: Sendable, Equatable {
        /// `Host` is in the authority, not among the fields.
        package var head: HTTPRequest
        package var body: [UInt8]
        /// Whether another request may follow, RFC 9112 §9.3; never after HTTP/1.0.
        package var keepsAlive: Bool
        package var minorVersion: Int

        package init(head: HTTPRequest, body: [UInt8], keepsAlive: Bool, minorVersion: Int) {
            self.head = head
            self.body = body
            self.keepsAlive = keepsAlive
            self.minorVersion = minorVersion
        }
    }

    package enum Event: Sendable, Equatable {
        /// The head of a request whose body is not all there yet; told once.
        ///
        /// `expectsContinue` when the client waits for `100 Continue` before it sends the body, RFC 9110 §10.1.1.
        case bodyExpected(HTTPRequest, expectsContinue: Bool)
        case request(Request)
    }

    package enum Failure: Error, Equatable {
        case malformed, targetTooLong, headerTooLarge, bodyTooLarge
        case versionNotSupported, codingNotSupported, expectationNotSupported

        package var status: HTTPResponse.Status {
            switch self {
            case .malformed: .badRequest
            case .targetTooLong: .uriTooLong
            case .headerTooLarge: .requestHeaderFieldsTooLarge
            case .bodyTooLarge: .contentTooLarge
            case .versionNotSupported: .httpVersionNotSupported
            case .codingNotSupported: .notImplemented
            case .expectationNotSupported: .expectationFailed
            }
        }
    }

    private enum State {
        case requestLine
        case fields(Head)
        case body(Request, BodyProgress)
        case failed(Failure)
    }

    private struct Head {
        let line: RequestLine
        var fields = HTTPFields()
        var hosts: [String] = []
        /// Bytes of the field lines so far.
        var bytes = 0
    }

    private enum BodyProgress {
        case length(Int)
        case chunked(ChunkedBody)
    }

    private let scheme: String
    private let limits: Limits
    private var buffer = LineBuffer()
    private var state = State.requestLine
    /// What has arrived of the body of the request in `state`.
    private var body: [UInt8] = []
    /// Whether ``Event/bodyExpected(_:expectsContinue:)`` has been told of the request in `state`.
    private var isAnnounced = false
    /// The head of the request whose body is on its way or was refused.
    package private(set) var head: HTTPRequest?

    package init(scheme: String, limits: Limits = Limits()) {
        self.scheme = scheme
        self.limits = limits
    }

    /// Whether a request has begun and is not complete.
    package var isInsideRequest: Bool {
        if case .requestLine = state { buffer.count > 0 } else { true }
    }

    /// Whether the head of a request is complete and its body is not.
    package var isInsideBody: Bool {
        if case .body = state { true } else { false }
    }

    /// Bytes received and not yet part of a request that ``next()`` gave.
    package var bufferedCount: Int { buffer.count }

    package mutating func receive(_ bytes: Span<UInt8>) {
        buffer.append(bytes)
    }

    /// What comes next on the connection, nil when more bytes are needed; a failure is final.
    package mutating func next() throws(Failure) -> Event? {
        do {
            return try advance()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The bytes after the last request, which belong to the protocol the connection was upgraded to.
    package mutating func takeRest() -> [UInt8] {
        buffer.takeRest()
    }

    private mutating func advance() throws(Failure) -> Event? {
        while true {
            switch state {
            case .requestLine:
                guard let line = try takeLine(limit: limits.requestLine, orThrow: .targetTooLong) else { return nil }
                guard !line.isEmpty else { continue }
                state = .fields(Head(line: try RequestLine(buffer.bytes.span.extracting(line))))
            case .fields(var head):
                // Out of its state, so that a field is appended to the head and not to a copy.
                state = .requestLine
                guard try takeFields(into: &head) else {
                    state = .fields(head)
                    return nil
                }
                try beginBody(of: head)
            case .body(let request, let progress):
                let isUntouched = buffer.count == 0
                if let whole = try continueBody(request, progress) { return .request(whole) }
                guard !isAnnounced else { return nil }
                isAnnounced = true
                return .bodyExpected(
                    request.head, expectsContinue: isUntouched && request.minorVersion == 1 && request.expects)
            case .failed(let failure):
                throw failure
            }
        }
    }

    private mutating func takeLine(limit: Int, orThrow tooLong: Failure) throws(Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: limit)
        } catch {
            throw error == .tooLong ? tooLong : .malformed
        }
    }

    /// True once the empty line behind the fields is read.
    private mutating func takeFields(into head: inout Head) throws(Failure) -> Bool {
        while let line = try takeLine(limit: limits.header - head.bytes, orThrow: .headerTooLarge) {
            guard !line.isEmpty else { return true }
            guard let field = HTTPField(line: buffer.bytes.span.extracting(line)) else { throw .malformed }
            guard head.fields.count + head.hosts.count < limits.fieldCount else { throw .headerTooLarge }
            if field.isHost { head.hosts.append(field.value) } else { head.fields.append(field) }
            head.bytes = min(head.bytes + line.count + 2, limits.header)
        }
        return false
    }

    private mutating func beginBody(of head: Head) throws(Failure) {
        let minorVersion = head.line.minorVersion
        let framing = try BodyFraming(head.fields, minorVersion: minorVersion)
        let request = Request(
            head: try Self.request(head, scheme: scheme), body: [],
            keepsAlive: minorVersion == 1 && !head.fields.hasToken("close", in: .connection),
            minorVersion: minorVersion)
        self.head = request.head
        isAnnounced = false
        guard minorVersion == 0 || head.fields[.expect]?.utf8.equalsIgnoringCase("100-continue".utf8) ?? true else {
            throw .expectationNotSupported
        }
        switch framing {
        case .length(let length):
            guard length <= limits.body else { throw .bodyTooLarge }
            state = .body(request, .length(length))
        case .chunked:
            state = .body(request, .chunked(ChunkedBody()))
        }
    }

    private static func request(_ head: Head, scheme: String) throws(Failure) -> HTTPRequest {
        let (line, hosts) = (head.line, head.hosts)
        guard hosts.count <= 1, line.minorVersion == 0 || hosts.count == 1, hosts.allSatisfy(Authority.isValid) else {
            throw .malformed
        }
        return switch line.target {
        case .origin(let path):
            HTTPRequest(
                method: line.method, scheme: scheme, authority: hosts.first, path: path, headerFields: head.fields)
        case .absolute(let scheme, let authority, let path):
            HTTPRequest(
                method: line.method, scheme: scheme, authority: authority, path: path, headerFields: head.fields)
        case .authority(let authority):
            HTTPRequest(
                method: line.method, scheme: nil, authority: authority, path: nil, headerFields: head.fields)
        }
    }

    private mutating func continueBody(
        _ request: Request, _ progress: BodyProgress
    ) throws(Failure) -> Request? {
        let isComplete: Bool
        switch progress {
        case .length(let length):
            let piece = buffer.take(upTo: length - body.count)
            body.append(contentsOf: buffer.bytes[piece])
            isComplete = body.count == length
        case .chunked(var chunked):
            isComplete = try chunked.decode(&buffer, into: &body, limits: limits)
            state = .body(request, .chunked(chunked))
        }
        guard isComplete else { return nil }
        var whole = request
        swap(&whole.body, &body)
        state = .requestLine
        head = nil
        return whole
    }
}

extension RequestParser.Request {
    /// There is one expectation only, and no other gets this far.
    fileprivate var expects: Bool { head.headerFields[.expect] != nil }
}
