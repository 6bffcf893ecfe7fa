import Crypto
import HTTPTypes
import Wire

/// What both ends of the opening handshake agree on, RFC 6455 §4.
enum WebSocketHandshake {
    static let version = "13"

    /// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`, §4.2.2.
    static func accept(for key: String) -> String {
        Base64.encode(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}

/// The server's view of a request that may be an opening handshake, RFC 6455 §4.2.
package enum WebSocketOffer: Sendable, Equatable {
    /// The request does not ask for a WebSocket.
    case none
    /// It asks, but not as §4.2.1 wants it: 400.
    case malformed
    /// It asks for another version: 426 with ``versionFields``.
    case versionNotSupported
    case offer(key: String, subprotocols: [String], extensions: [WebSocketExtension])

    package static let versionFields: HTTPFields = [.secWebSocketVersion: WebSocketHandshake.version]

    package init(_ request: RequestParser.Request) {
        let fields = request.head.headerFields
        guard fields.hasToken("websocket", in: .upgrade), fields.hasToken("upgrade", in: .connection) else {
            self = .none
            return
        }
        let keys = fields[values: .secWebSocketKey]
        guard request.head.method == .get, request.minorVersion == 1, request.body.isEmpty, keys.count == 1,
            let key = keys.first, Base64.decode(key)?.count == 16, let extensions = WebSocketExtension.list(fields)
        else {
            self = .malformed
            return
        }
        guard fields[values: .secWebSocketVersion] == [WebSocketHandshake.version] else {
            self = .versionNotSupported
            return
        }
        self = .offer(
            key: key, subprotocols: fields.tokens(of: .secWebSocketProtocol), extensions: extensions)
    }

}

/// The server's answer to a ``WebSocketOffer``, RFC 6455 §4.2.2.
package struct WebSocketAcceptance: Sendable, Equatable {
    /// A 101.
    package let response: HTTPResponse
    /// Permessage-deflate as agreed on, nil if it was not offered, not wanted or not acceptable.
    package let deflation: WebSocket.Deflation?

    package init(
        key: String, subprotocol: String?, extensions: [WebSocketExtension], compression: WebSocket.Compression?,
        fields: HTTPFields
    ) {
        let choice = compression.flatMap { WebSocket.Deflation.choose(from: extensions, with: $0) }
        deflation = choice?.0
        var response = HTTPResponse(status: .switchingProtocols, headerFields: fields)
        response.headerFields[.upgrade] = "websocket"
        response.headerFields[.connection] = "Upgrade"
        response.headerFields[.secWebSocketAccept] = WebSocketHandshake.accept(for: key)
        response.headerFields[.secWebSocketProtocol] = subprotocol
        response.headerFields[.secWebSocketExtensions] = choice?.1.description
        self.response = response
    }
}
