import Wire

/// What a subscriber of the events gets next, encoded once for all of them: an event, or the word that some are gone.
package struct EventMessage: Sendable, Equatable {
    /// Where a subscriber that got this goes on: the `id` of SSE, the `after` of a WebSocket.
    package let position: LogPosition
    /// The JSON text.
    package let text: [UInt8]
    package let isGap: Bool

    package init(position: LogPosition, text: [UInt8], isGap: Bool = false) {
        self.position = position
        self.text = text
        self.isGap = isGap
    }

    private static let seatMark = Array(#","seat":""#.utf8)

    /// Whether it is an event of this seat, which the text says behind all that can hold anything else.
    package func isOf(_ seat: SeatName) -> Bool {
        var start = text.count - Self.seatMark.count
        while start >= 0 {
            let rest = text[start...]
            if rest.starts(with: Self.seatMark) {
                let name = rest.dropFirst(Self.seatMark.count)
                return name.starts(with: seat.text.utf8)
                    && name.dropFirst(seat.text.utf8.count).first == UInt8(ascii: "\"")
            }
            start -= 1
        }
        return false
    }

    /// Events `from` to `to` are gone for good. A client whose position means nothing here is told a gap from 0, a number
    /// no event has.
    package static func gap(from: UInt64, to: UInt64, epoch: String) -> EventMessage {
        let gap: JSON = ["from": .integer(Int64(clamping: from)), "to": .integer(Int64(clamping: to))]
        return EventMessage(
            position: LogPosition(epoch: epoch, seq: to), text: encodedJSON(["epoch": .string(epoch), "gap": gap]),
            isGap: true)
    }
}

/// Where the messages of one subscriber go: a WebSocket, an SSE response.
package protocol EventSink: Sendable {
    /// Queues a message and never waits; a queue that grows over its limit ends the connection.
    ///
    /// Called in order, by one thread at a time.
    func send(_ message: EventMessage)

    /// Runs `action` once, when everything sent so far is with the system, at once if it is already; never, when the
    /// connection ends before.
    ///
    /// It is asked only while a backlog is sent, so that one page of it waits in the queue and not all.
    func whenDrained(_ action: @escaping @Sendable () -> Void)
}
