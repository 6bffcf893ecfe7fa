import Wire

/// The events of one run of the daemon, the newest of them kept, so that a client that was away can go on where it was.
package struct EventLog: Sendable {
    /// What a client that resumes gets first.
    package enum Resumption: Sendable, Equatable {
        case events([Event])
        /// Events from `from` to `to` are gone for good; `then` is what is still there.
        case gap(from: UInt64, to: UInt64, then: [Event])
    }

    package let epoch: String
    private let capacity: Int
    private var kept: [Event] = []
    private var lastSeq: UInt64 = 0

    package init(epoch: String, capacity: Int = 10_000) {
        self.epoch = epoch
        self.capacity = capacity
    }

    package var position: LogPosition { LogPosition(epoch: epoch, seq: lastSeq) }

    package mutating func append(_ content: Event.Content, seat: String, at now: Moment) -> Event {
        lastSeq += 1
        let event = Event(
            position: position, unixMilliseconds: now.unixMilliseconds, seat: seat, content: content)
        if kept.count >= capacity * 2 { kept.removeFirst(kept.count - capacity) }
        kept.append(event)
        return event
    }

    /// Everything after a client's position. A position of another epoch, or one not reached yet, is answered by all
    /// there is: the client's own numbering means nothing here.
    package func events(after position: LogPosition) -> Resumption {
        let known = position.epoch == epoch && position.seq <= lastSeq
        let next = known ? position.seq + 1 : 1
        guard next <= lastSeq else { return .events([]) }
        let firstKept = lastSeq - UInt64(kept.count) + 1
        guard next >= firstKept else { return .gap(from: next, to: firstKept - 1, then: kept) }
        return .events(Array(kept.suffix(Int(lastSeq - next + 1))))
    }
}
