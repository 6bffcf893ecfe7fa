import Wire

/// An event as the log keeps it.
package struct EventRecord: Sendable, Equatable {
    package let seq: UInt64
    package let unixMilliseconds: Int64
    /// The JSON text subscribers get.
    package let text: [UInt8]

    package init(seq: UInt64, unixMilliseconds: Int64, text: [UInt8]) {
        self.seq = seq
        self.unixMilliseconds = unixMilliseconds
        self.text = text
    }

    package init(_ event: Event) {
        self.init(
            seq: event.position.seq, unixMilliseconds: event.unixMilliseconds, text: event.text)
    }

    package func message(epoch: String) -> EventMessage {
        EventMessage(position: LogPosition(epoch: epoch, seq: seq), text: text)
    }

    /// The same event at another place, which is part of its text.
    func moved(to position: LogPosition) -> EventRecord {
        var text = text
        if case .object(var members) = try? JSON(parsing: text) {
            members["epoch"] = .string(position.epoch)
            members["seq"] = .integer(Int64(clamping: position.seq))
            text = encodedJSON(.object(members))
        }
        return EventRecord(seq: position.seq, unixMilliseconds: unixMilliseconds, text: text)
    }
}
