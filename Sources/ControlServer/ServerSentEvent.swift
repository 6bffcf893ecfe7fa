import ControlAPI

/// The bytes of `text/event-stream` (HTML Living Standard §9.2.5).
enum ServerSentEvent {
    /// What keeps a silent connection from being taken for dead.
    static let comment = Array(":\n\n".utf8)

    /// JSON text has no line ends of its own, so it is one `data` line.
    static func bytes(of message: EventMessage) -> [UInt8] {
        var bytes = Array("id: \(message.position)\n".utf8)
        if message.isGap { bytes += "event: gap\n".utf8 }
        bytes += "data: ".utf8
        bytes += message.text
        bytes += "\n\n".utf8
        return bytes
    }
}
