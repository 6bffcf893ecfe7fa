import Wire

/// What a client is told when a request cannot be done: problem details (RFC 9457) with the SDK's `code` and `info`.
package struct Problem: Error, Sendable, Equatable {
    /// The HTTP status.
    package let status: Int
    /// The last part of the problem's `type`, stable and in kebab case.
    package let name: String
    package let title: String
    package var detail: String?
    /// The SDK's result code (5xxxx), where it has one for this.
    package var code: Int?
    /// What the SDK's function would have returned besides failing.
    package private(set) var result: JSON?
    /// The methods a 405 allows.
    package private(set) var allow: String?
    /// The scope a 403 misses.
    package private(set) var scope: Scope?
    /// After how many seconds a 429 may be tried again.
    package private(set) var retryAfter: Int64?

    package init(status: Int, _ name: String, _ title: String, detail: String? = nil, code: Int? = nil) {
        self.status = status
        self.name = name
        self.title = title
        self.detail = detail
        self.code = code
    }

    package func with(result: JSON) -> Problem {
        var copy = self
        copy.result = result
        return copy
    }

    package func with(code: SDKCode) -> Problem {
        var copy = self
        copy.code = code.rawValue
        return copy
    }

    /// The members of the `application/problem+json` object.
    package var json: JSON {
        var members: [String: JSON] = [
            "type": .string("urn:phonebard:problem:\(name)"),
            "title": .string(title),
            "status": .integer(Int64(status)),
        ]
        members["detail"] = detail.map(JSON.string)
        members["code"] = code.map { .integer(Int64($0)) }
        members["info"] = code.flatMap(SDKCode.init(rawValue:)).map { .string($0.info) }
        members["result"] = result
        members["scope"] = scope.map { .string($0.rawValue) }
        return .object(members)
    }
}

extension Problem {
    package static let noSuchResource = Problem(status: 404, "no-such-resource", "There is nothing at this path.")
    package static let unauthorized = Problem(
        status: 401, "unauthorized", "A valid bearer token is needed.",
        detail: "Send it as 'Authorization: Bearer TOKEN'.")
    package static let originNotAllowed = Problem(
        status: 403, "origin-not-allowed", "Pages of this origin may not use the API.")
    package static let hostNotAllowed = Problem(
        status: 403, "host-not-allowed", "The daemon is not known by this name.",
        detail: "'Host' has to be a loopback address, localhost or a configured name.")
    package static let notAcceptable = Problem(
        status: 406, "not-acceptable", "There is no such form of this.",
        detail: "It comes as text/plain, application/json or application/vnd.tcpdump.pcap.")
    package static let malformedTarget = Problem(
        status: 400, "malformed-target", "The path or the query is not well formed.")
    package static let tokenInURL = Problem(
        status: 400, "token-in-url", "A token has no place in a URL.",
        detail: "URLs end up in logs and histories. Send 'Authorization: Bearer TOKEN'.")
    package static let noSuchToken = Problem(status: 404, "no-such-token", "There is no token with this id.")
    package static let tooManyTokens = Problem(
        status: 409, "too-many-tokens", "There are too many tokens.", detail: "Revoke one first.")
    package static let stateUnwritable = Problem(
        status: 500, "state-unwritable", "The state directory cannot be written.", detail: "The log says why.")
    package static let notReady = Problem(status: 503, "not-ready", "The daemon is starting or stopping.")
    package static let malformedBody = Problem(
        status: 400, "malformed-body", "The body is not a JSON object.", code: SDKCode.badParameter.rawValue)
    package static let unsupportedMediaType = Problem(
        status: 415, "unsupported-media-type", "The body has to be application/json.")
    package static let tooManyRequests = Problem(
        status: 503, "too-many-requests", "Too many requests are waiting for the platform.")
    package static let tooManySeats = Problem(
        status: 503, "too-many-seats", "The daemon has as many seats as it can hold.")

    package static let keyReused = Problem(
        status: 422, "key-reused", "This Idempotency-Key was another command's.",
        detail: "A new command needs a new key.")

    package static func methodNotAllowed(allow: String) -> Problem {
        var problem = Problem(status: 405, "method-not-allowed", "This path takes another method.", detail: allow)
        problem.allow = allow
        return problem
    }

    /// RFC 6750 §3.1, `insufficient_scope`.
    package static func insufficientScope(_ scope: Scope) -> Problem {
        var problem = Problem(
            status: 403, "insufficient-scope", "The token may not do this.",
            detail: "The scope '\(scope.rawValue)' is needed.")
        problem.scope = scope
        return problem
    }

    /// - Parameter wait: how long to wait, told in whole seconds.
    package static func tooManyAttempts(wait: Duration) -> Problem {
        var problem = Problem(
            status: 429, "too-many-attempts", "Too many wrong tokens came from this address.")
        problem.retryAfter = (wait.nanoseconds + 999_999_999) / 1_000_000_000
        return problem
    }

    package static func missingParameter(_ name: String) -> Problem {
        Problem(
            status: 400, "missing-parameter", "A parameter is missing.", detail: "'\(name)' is required.",
            code: SDKCode.badParameter.rawValue)
    }

    package static func invalidParameter(_ name: String, expected: String? = nil) -> Problem {
        Problem(
            status: 400, "invalid-parameter", "A parameter cannot be used.",
            detail: "'\(name)' is not a usable value" + (expected.map { "; expected is \($0)." } ?? "."),
            code: SDKCode.badParameter.rawValue)
    }

    /// What the HTTP server answers by itself: to what is no request, is one too many, or was left unanswered.
    package static func refusal(status: Int) -> Problem {
        switch status {
        case 400: Problem(status: status, "malformed-request", "This is no well-formed HTTP/1.1 request.")
        case 408: Problem(status: status, "request-timeout", "The request did not arrive in time.")
        case 413: Problem(status: status, "content-too-large", "The body is too large.")
        case 414: Problem(status: status, "uri-too-long", "The request line is too long.")
        case 417: Problem(status: status, "expectation-failed", "Only '100-continue' can be expected.")
        case 426: Problem(status: status, "websocket-version", "WebSockets are of version 13 here.")
        case 431: Problem(status: status, "header-too-large", "The header fields are too many or too large.")
        case 501: Problem(status: status, "transfer-coding", "Only the transfer coding 'chunked' is understood.")
        case 503: Problem(status: status, "too-many-connections", "Too many connections are open.")
        case 505: Problem(status: status, "http-version", "HTTP/1.1 is spoken here.")
        default: Problem(status: status, "internal-error", "The request was left unanswered.")
        }
    }

    package static let userUnknown = Problem(
        status: 409, "no-user", "No user is known yet.", detail: "Call getUser first.",
        code: SDKCode.badParameter.rawValue)
    package static let notLoggedIn = Problem(
        status: 409, "not-logged-in", "The seat is not logged in.", detail: "Call getUser and init first.")
    package static let loggedInAlready = Problem(
        status: 409, "logged-in-already", "The seat is logged in with other parameters.", detail: "Call logout first.")
    package static let wrongState = Problem(status: 409, "wrong-state", "The seat's state does not allow this now.")
    package static let keysNotTaken = Problem(
        status: 409, "keys-not-taken", "The other side takes no telephone-events.")
    package static let noSuchCall = Problem(status: 404, "no-such-call", "There is no call with this ccNumber.")
    package static let soundElsewhere = Problem(
        status: 409, "sound-elsewhere", "The sound of this seat's calls is at another telephone.")
    package static let superseded = Problem(status: 409, "superseded", "A later request took this one's place.")
    package static let platformUnreachable = Problem(
        status: 503, "platform-unreachable", "There is no connection to the platform.")
    package static let connectionLost = Problem(
        status: 503, "connection-lost", "The connection was lost before the platform answered.")
    package static let platformSilent = Problem(status: 504, "platform-silent", "The platform did not answer in time.")

    /// It has said so in a notice.
    package static let platformUnwilling = Problem(status: 502, "platform-refused", "The platform refused.")

    /// - Parameter status: the SIP status the platform refused with.
    package static func platformRefused(status: Int) -> Problem {
        Problem(status: 502, "platform-refused", "The platform refused.", detail: "It answered \(status).")
    }
}
