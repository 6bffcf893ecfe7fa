import HTTPTypes

/// What browsers are told so that pages of an allowed origin may use the API (the Fetch standard's CORS protocol).
///
/// Cookies play no part, so `Access-Control-Allow-Credentials` is never sent.
package enum CrossOrigin {
    private static let methods = "GET, HEAD, POST, PATCH, DELETE"
    private static let requestFields = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
    private static let answerFields = "Allow, ETag, Retry-After, WWW-Authenticate"

    /// Whether a request asks only what another one may do.
    package static func isPreflight(_ head: HTTPRequest) -> Bool {
        head.method == .options && head.headerFields[.origin] != nil
            && head.headerFields[.accessControlRequestMethod] != nil
    }

    /// The fields of the answer to a preflight, with the consent a public page needs to reach loopback (Private Network
    /// Access, since renamed Local Network Access).
    package static func preflightFields(for head: HTTPRequest, origin: String) -> HTTPFields {
        var fields: HTTPFields = [
            .accessControlAllowOrigin: origin,
            .accessControlAllowMethods: methods,
            .accessControlAllowHeaders: requestFields,
            .accessControlMaxAge: "600",
            .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        ]
        for (request, allow) in zip(networkRequests, networkConsents) where head.headerFields[request] == "true" {
            fields[allow] = "true"
        }
        return fields
    }

    /// The fields of any other answer; it differs by origin even for those who send none.
    package static func fields(origin: String?) -> HTTPFields {
        guard let origin else { return [.vary: "Origin"] }
        return [
            .accessControlAllowOrigin: origin, .accessControlExposeHeaders: answerFields, .vary: "Origin",
        ]
    }

    private static let networkRequests = names(
        "Access-Control-Request-Private-Network", "Access-Control-Request-Local-Network")
    private static let networkConsents = names(
        "Access-Control-Allow-Private-Network", "Access-Control-Allow-Local-Network")

    private static func names(_ texts: String...) -> [HTTPField.Name] {
        texts.compactMap { HTTPField.Name($0) }
    }
}
