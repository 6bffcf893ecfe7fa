/// The newest events of the log in memory: what most who resume need, and what the journal could not keep yet.
///
/// The events have consecutive numbers and end at ``lastSeq``.
package struct EventTail: Sendable {
    package struct Limits: Sendable {
        package var count: Int
        package var bytes: Int

        package init(count: Int, bytes: Int) {
            self.count = count
            self.bytes = bytes
        }
    }

    /// For events the journal has as well.
    private let limits: Limits
    /// For events nobody else has.
    private let unkeptLimits: Limits
    private var records: ArraySlice<EventRecord> = []
    private var bytes = 0
    package private(set) var lastSeq: UInt64
    /// The journal has everything up to here, or never will.
    package private(set) var keptSeq: UInt64

    /// - Parameter lastSeq: the last number given before, kept or not.
    package init(
        after lastSeq: UInt64, limits: Limits = Limits(count: 1024, bytes: 1 << 20),
        unkeptLimits: Limits = Limits(count: 16_384, bytes: 16 << 20)
    ) {
        self.lastSeq = lastSeq
        keptSeq = lastSeq
        self.limits = limits
        self.unkeptLimits = unkeptLimits
    }

    /// Begins with events of the journal, if they are consecutive and end at `lastSeq`.
    package init(after lastSeq: UInt64, keeping records: [EventRecord]) {
        let first = records.first?.seq ?? 0
        let isRun = records.indices.allSatisfy { records[$0].seq == first + UInt64($0) }
        guard isRun, records.last?.seq == lastSeq, first > 0 else {
            self.init(after: lastSeq)
            return
        }
        self.init(after: first - 1)
        for record in records {
            append(record)
            kept(through: record.seq)
        }
    }

    /// The number of the oldest event here, or of the next one when there is none.
    package var firstSeq: UInt64 { records.first?.seq ?? lastSeq + 1 }

    /// Appends the next event; one that comes later than the next begins the tail anew.
    package mutating func append(_ record: EventRecord) {
        if record.seq != lastSeq + 1 {
            records = []
            bytes = 0
            keptSeq = record.seq - 1
        }
        records.append(record)
        bytes += record.text.count
        lastSeq = record.seq
        trim()
    }

    /// The journal has written everything up to `seq`.
    package mutating func kept(through seq: UInt64) {
        keptSeq = max(keptSeq, min(seq, lastSeq))
        trim()
    }

    /// Puts everything that is not kept behind the end of another log, and lets the rest go.
    package mutating func move(behind end: LogPosition) {
        let moved = unkept.map { $0.moved(to: LogPosition(epoch: end.epoch, seq: end.seq + $0.seq)) }
        records = moved[...]
        bytes = moved.reduce(0) { $0 + $1.text.count }
        lastSeq += end.seq
        keptSeq += end.seq
    }

    /// What the journal has yet to write.
    package var unkept: ArraySlice<EventRecord> { records(from: max(keptSeq + 1, firstSeq)) }

    /// Everything from `seq` on, which must not lie before ``firstSeq``.
    package func records(from seq: UInt64) -> ArraySlice<EventRecord> {
        guard seq <= lastSeq else { return [] }
        precondition(seq >= firstSeq)
        return records.dropFirst(Int(seq - firstSeq))
    }

    /// Lets the oldest go while there is too much; a slice gives the memory of what it dropped back as it grows.
    private mutating func trim() {
        while let oldest = records.first {
            let allowed = oldest.seq <= keptSeq ? limits : unkeptLimits
            guard records.count > allowed.count || bytes > allowed.bytes else { return }
            bytes -= oldest.text.count
            keptSeq = max(keptSeq, oldest.seq)
            records.removeFirst()
        }
    }
}
