import Wire

/// The last messages that went over a connection, for people who look for what went wrong.
///
/// What is kept has no secrets in it: they are masked before, see ``masked(_:)``. It never grows beyond its limits.
package struct Trace: Sendable {
    package struct Limits: Sendable, Equatable {
        /// How many messages are kept; none when 0.
        package var messages = 500
        package var bytes = 1 << 20

        package init() {}
    }

    package enum Direction: String, Sendable {
        case sent, received
    }

    /// The two ends of the connection, as this side sees them.
    package struct Path: Sendable, Equatable {
        package let local: Endpoint
        package let remote: Endpoint

        package init(local: Endpoint, remote: Endpoint) {
            self.local = local
            self.remote = remote
        }
    }

    package struct Record: Sendable, Equatable {
        /// Counted from 1 since the daemon started.
        package let number: UInt64
        package let time: Moment
        package let direction: Direction
        package let path: Path
        /// Whose message it is, where several telephones share a trace.
        package let owner: String
        /// The message without its secrets, as long as it was.
        package let bytes: [UInt8]

        package var source: Endpoint { direction == .sent ? path.local : path.remote }
        package var destination: Endpoint { direction == .sent ? path.remote : path.local }
    }

    private let limits: Limits
    private var kept: [Record] = []
    /// How many at the front of `kept` are gone; they are removed many at a time.
    private var goneCount = 0
    private var byteCount = 0
    private var lastNumber: UInt64 = 0

    package init(_ limits: Limits) {
        self.limits = limits
    }

    /// The oldest first.
    package var records: ArraySlice<Record> { kept[goneCount...] }

    /// Keeps a message and returns what is kept of it, nil when nothing is.
    @discardableResult
    package mutating func append(
        _ message: [UInt8], _ direction: Direction, over path: Path, of owner: String = "", at now: Moment
    ) -> Record? {
        guard limits.messages > 0, message.count <= limits.bytes else { return nil }
        lastNumber += 1
        let record = Record(
            number: lastNumber, time: now, direction: direction, path: path, owner: owner, bytes: Self.masked(message))
        kept.append(record)
        byteCount += message.count
        while records.count > limits.messages || byteCount > limits.bytes {
            byteCount -= kept[goneCount].bytes.count
            goneCount += 1
        }
        if goneCount > kept.count / 2 {
            kept.removeFirst(goneCount)
            goneCount = 0
        }
        return record
    }

    /// The messages behind a number, of one call if it is named, of one owner likewise.
    package func records(after number: UInt64, callID: String?, of owner: String? = nil) -> [Record] {
        records.filter { record in
            record.number > number && (owner == nil || record.owner == owner)
                && (callID == nil || record.callID == callID)
        }
    }
}
