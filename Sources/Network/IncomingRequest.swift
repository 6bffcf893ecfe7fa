import HTTP
import HTTPTypes
import Wire

/// A whole request as the server received it.
package struct IncomingRequest: Sendable {
    package var head: HTTPRequest
    package var body: [UInt8]
    package var peer: SocketPeer
    /// The address the peer connected to, nil for a Unix socket.
    package var local: Endpoint?
    /// The subprotocols offered when the request asks for a WebSocket with a valid RFC 6455 §4.2.1 handshake, nil otherwise.
    package var offeredSubprotocols: [String]?

    package init(
        head: HTTPRequest, body: [UInt8], peer: SocketPeer, local: Endpoint?, offeredSubprotocols: [String]? = nil
    ) {
        self.head = head
        self.body = body
        self.peer = peer
        self.local = local
        self.offeredSubprotocols = offeredSubprotocols
    }

    package var asksForWebSocket: Bool { offeredSubprotocols != nil }
}
