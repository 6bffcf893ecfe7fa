import HTTP
import HTTPTypes
import Wire

/// A whole request as the server received it.
package struct IncomingRequest: Sendable {
    package var head: HTTPRequest
    package var body: [UInt8]
    /// The peer's address.
    package var remote: Endpoint
    /// The address the peer connected to.
    package var local: Endpoint
    /// The subprotocols offered when the request asks for a WebSocket with a valid RFC 6455 §4.2.1 handshake, nil otherwise.
    package var offeredSubprotocols: [String]?

    package init(
        head: HTTPRequest, body: [UInt8], remote: Endpoint, local: Endpoint, offeredSubprotocols: [String]? = nil
    ) {
        self.head = head
        self.body = body
        self.remote = remote
        self.local = local
        self.offeredSubprotocols = offeredSubprotocols
    }

    package var asksForWebSocket: Bool { offeredSubprotocols != nil }
}
