import ControlAPI
import Dispatch
import Journal
import Logging
import Wire

/// Keeps events in the journal and lives with its failures: then they stay in memory, and writing is tried again.
///
/// What a caller of ``keep(_:at:)`` has in its tail afterwards may be told. The epoch goes on as long as it is known which
/// numbers were given: a journal that is damaged or removed under the daemon is followed by a new file of the same epoch, one
/// that is found damaged at the start by a new epoch. A start that cannot open the journal has an epoch of its own for the time
/// being, and that of the journal once it opens.
struct EventKeeper: Sendable {
    /// What a backlog is read by.
    static let pageCount = 512
    static let pageBytes = 128 * 1024

    private static let retryTime = Duration.seconds(5)
    private static let pruneTime = Duration.seconds(3600)
    private static let pruneCount = 1024
    private static let tailCount: UInt64 = 256

    private(set) var epoch: String
    let condition = EventCondition()
    private var configuration: Journal.Configuration
    private let logger: Logger
    private let pages = DispatchQueue(label: "phonebard.events.pages")
    private var journal: Journal?
    private var failure: JournalFailure?
    private var mustReopen = false
    private var isDamaged = false
    private var retryAt: Instant?
    private var pruneAt: Instant
    private var keptSincePrune = 0

    /// Opens the journal; when that fails the events have an epoch of their own, in memory.
    static func open(
        _ configuration: Journal.Configuration, logger: Logger
    ) throws(JournalFailure) -> (EventKeeper, EventTail) {
        var randomness = Randomness.system
        let now = Moment.now
        var keeper = EventKeeper(configuration, epoch: randomness.token(length: 12), logger, at: now)
        do {
            let journal = try keeper.open(after: 0, at: now)
            keeper.epoch = journal.epoch
            keeper.prune(at: now)
            return (keeper, keeper.makeTail(journal))
        } catch .inUse {
            throw .inUse
        } catch {
            keeper.failed(error, at: now.instant)
            return (keeper, EventTail(after: 0))
        }
    }

    private init(_ configuration: Journal.Configuration, epoch: String, _ logger: Logger, at now: Moment) {
        self.configuration = configuration
        self.epoch = epoch
        self.logger = logger
        pruneAt = now.instant + Self.pruneTime
    }

    private func makeTail(_ journal: Journal) -> EventTail {
        let lastSeq = journal.lastSeq
        let before = lastSeq > Self.tailCount ? lastSeq - Self.tailCount : 0
        let records = try? journal.page(after: before, count: Int(Self.tailCount), bytes: .max)
        return EventTail(after: lastSeq, keeping: records ?? [])
    }

    /// When to call ``keep(_:at:)`` even if nothing happens.
    var deadline: Instant { retryAt.map { min($0, pruneAt) } ?? pruneAt }

    /// Writes what is not kept yet, and removes what is too old when it is time to.
    mutating func keep(_ tail: inout EventTail, at now: Moment) {
        if retryAt.map({ now.instant >= $0 }) ?? true { write(&tail, at: now) }
        if now.instant >= pruneAt || keptSincePrune >= Self.pruneCount { prune(at: now) }
    }

    /// Opens the journal anew at the next occasion, which is now.
    mutating func tryAgain(with configuration: Journal.Configuration) {
        self.configuration = configuration
        mustReopen = true
        retryAt = nil
    }

    /// A reader came upon damage; the file is replaced at the next occasion.
    mutating func foundDamage() {
        isDamaged = true
    }

    /// The oldest events from `seq` on that the journal has, given on a queue of their own.
    func page(
        from seq: UInt64, completion: @escaping @Sendable (Result<[EventRecord], JournalFailure>) -> Void
    ) {
        pages.async { [journal] in
            completion(
                Result { () throws(JournalFailure) in
                    try journal?.page(after: seq - 1, count: Self.pageCount, bytes: Self.pageBytes) ?? []
                })
        }
    }

    mutating func close(keeping tail: inout EventTail) {
        retryAt = nil
        keep(&tail, at: .now)
        journal?.close()
        journal = nil
    }
}

extension EventKeeper {
    private mutating func write(_ tail: inout EventTail, at now: Moment) {
        let wantedReopening = mustReopen
        do throws(JournalFailure) {
            do throws(JournalFailure) {
                try prepare(&tail, at: now)
                try append(&tail)
            } catch {
                guard mendFile(after: error, wasReopened: wantedReopening && !mustReopen) else { throw error }
                try prepare(&tail, at: now)
                try append(&tail)
            }
            succeeded()
        } catch {
            failed(error, at: now.instant)
        }
    }

    /// Whether it is worth another try at once: with a new file in place of a damaged one, or with the file closed before it is
    /// opened, since what SQLite shares among the connections of a process outlives an opening beside the old one.
    private mutating func mendFile(after failure: JournalFailure, wasReopened: Bool) -> Bool {
        if failure == .corrupt {
            isDamaged = true
        } else if failure.isOfFile, wasReopened, let journal {
            journal.closeFiles()
            mustReopen = true
        } else {
            return false
        }
        return true
    }

    private mutating func prepare(_ tail: inout EventTail, at now: Moment) throws(JournalFailure) {
        if let journal {
            if isDamaged || journal.isGone {
                try renew(journal, at: now)
            } else if mustReopen {
                self.journal = try journal.reopened(configuration)
            }
        } else {
            let journal = try open(after: tail.keptSeq, at: now)
            if journal.epoch != epoch {
                tail.move(behind: LogPosition(epoch: journal.epoch, seq: journal.lastSeq))
                epoch = journal.epoch
            }
        }
        mustReopen = false
        if failure == .full { prune(at: now) }
    }

    private mutating func open(after seq: UInt64, at now: Moment) throws(JournalFailure) -> Journal {
        let opening = try Journal.open(
            configuration, fresh: LogPosition(epoch: epoch, seq: seq), at: now.unixMilliseconds)
        if let name = opening.setAside { wasSetAside(name) }
        journal = opening.journal
        return opening.journal
    }

    private mutating func renew(_ journal: Journal, at now: Moment) throws(JournalFailure) {
        if journal.isGone { logger.critical("the event log was removed; a new one is begun") }
        let opening = try journal.renewed(configuration, at: now.unixMilliseconds)
        if let name = opening.setAside { wasSetAside(name) }
        self.journal = opening.journal
        isDamaged = false
    }

    private mutating func append(_ tail: inout EventTail) throws(JournalFailure) {
        let unkept = tail.unkept
        if !unkept.isEmpty {
            try journal?.append(unkept)
            keptSincePrune += unkept.count
        }
        tail.kept(through: tail.lastSeq)
    }

    private mutating func failed(_ error: JournalFailure, at now: Instant) {
        if failure != error {
            logger.critical("events are not kept on disk", metadata: ["failure": "\(error)"])
        }
        failure = error
        if error.isOfFile { mustReopen = true }
        retryAt = now + Self.retryTime
        condition.set(error)
    }

    private mutating func succeeded() {
        guard failure != nil else { return }
        logger.notice("events are kept on disk again")
        failure = nil
        retryAt = nil
        condition.set(nil)
    }

    private func wasSetAside(_ name: String) {
        logger.critical(
            "the event log was unusable; it is set aside and a new one begun", metadata: ["file": "\(name)"])
        condition.set(aside: name)
    }

    /// A full disk is the one failure that this may end.
    private mutating func prune(at now: Moment) {
        keptSincePrune = 0
        pruneAt = now.instant + Self.pruneTime
        guard failure == nil || failure == .full, let journal else { return }
        do {
            let count = try journal.prune(at: now.unixMilliseconds)
            if count > 0 { logger.info("old events removed", metadata: ["count": "\(count)"]) }
        } catch {
            logger.error("old events cannot be removed", metadata: ["failure": "\(error)"])
        }
    }
}
