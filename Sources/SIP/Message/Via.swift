/// One hop a request has come through (RFC 3261 §20.42).
package struct Via: Sendable, Hashable {
    package var transport: String
    package var host: String
    package var port: UInt16?
    package var parameters = Parameters()

    package var branch: String? { parameters["branch"] }

    package init(transport: String, host: String, port: UInt16? = nil, parameters: Parameters = Parameters()) {
        self.transport = transport
        self.host = host
        self.port = port
        self.parameters = parameters
    }
}
