/// One end of an open WebSocket connection, RFC 6455 §5 to §7.
package struct WebSocket: Sendable {
    package enum Role: Sendable { case client, server }
}
