import HTTPTypes

extension HTTPResponse.Status {
    /// The status with the reason phrase that RFC 9110 §15 gives it.
    package init(standard code: Int) {
        self = Self.phrased[code] ?? Self(code: code)
    }

    private static let phrased = Dictionary(
        uniqueKeysWithValues: [
            ok, created, accepted, noContent, notModified, badRequest, unauthorized, forbidden, notFound,
            methodNotAllowed,
            notAcceptable, requestTimeout, conflict, gone, preconditionFailed, contentTooLarge, uriTooLong,
            unsupportedMediaType, expectationFailed, unprocessableContent, upgradeRequired, tooManyRequests,
            requestHeaderFieldsTooLarge, internalServerError, notImplemented, badGateway, serviceUnavailable,
            gatewayTimeout, httpVersionNotSupported,
        ].map { ($0.code, $0) })
}
