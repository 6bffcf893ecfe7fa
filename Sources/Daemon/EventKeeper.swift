import ControlAPI
import Dispatch
import Journal
import Logging
import Network
import Synchronization
import Wire

/// Keeps events in the journal and lives with its failures: then they stay in memory, and writing is tried again.
///
/// What a caller of ``keep(_:at:)`` has in its tail afterwards may be told.
struct EventKeeper: Sendable {
    /// What a backlog is read by.
    static let pageCount = 512
    static let pageBytes = 128 * 1024

    private static let retryTime = Duration.seconds(5)
    private static let pruneTime = Duration.seconds(3600)
    private static let pruneCount = 1024
    private static let tailCount: UInt64 = 256

    let epoch: String
    private var configuration: Journal.Configuration
    private let logger: Logger
    private let pages = DispatchQueue(label: "phonebard.events.pages")
    let condition = Condition()
    private var journal: Journal?
    private var failure: JournalFailure?
    private var retryAt: Instant?
    private var pruneAt: Instant
    private var keptSincePrune = 0
    private var isClosed = false

    /// How it stands, for any thread to see.
    final class Condition: Sendable {
        private struct State {
            var failure: JournalFailure?
            var setAside: String?
        }

        private let state = Mutex(State())

        fileprivate func set(_ failure: JournalFailure?) { state.withLock { $0.failure = failure } }
        fileprivate func set(aside name: String) { state.withLock { $0.setAside = name } }

        var json: JSON {
            let state = state.withLock { $0 }
            var members: [String: JSON] = ["keeping": .bool(state.failure == nil)]
            members["failure"] = state.failure.map { .string("\($0)") }
            members["setAside"] = state.setAside.map(JSON.string)
            return .object(members)
        }
    }

    /// Opens the journal; when that fails the events have an epoch of their own, in memory.
    static func open(
        _ configuration: Journal.Configuration, logger: Logger
    ) throws(JournalFailure) -> (EventKeeper, EventTail) {
        var randomness = Randomness.system
        let now = Moment.now
        let newEpoch = randomness.token(length: 12)
        do {
            let opening = try Journal.open(configuration, newEpoch: newEpoch, at: now.unixMilliseconds)
            let keeper = EventKeeper(configuration, opening.journal, epoch: opening.journal.epoch, logger, at: now)
            if let name = opening.setAside { keeper.wasSetAside(name) }
            return (keeper, keeper.makeTail(opening.journal))
        } catch .inUse {
            throw .inUse
        } catch {
            var keeper = EventKeeper(configuration, nil, epoch: newEpoch, logger, at: now)
            keeper.failed(error, at: now.instant)
            return (keeper, EventTail(after: 0))
        }
    }

    private init(
        _ configuration: Journal.Configuration, _ journal: Journal?, epoch: String, _ logger: Logger, at now: Moment
    ) {
        self.configuration = configuration
        self.journal = journal
        self.epoch = epoch
        self.logger = logger
        pruneAt = now.instant + Self.pruneTime
        prune(at: now)
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
        guard !isClosed else { return }
        if retryAt.map({ now.instant >= $0 }) ?? true { write(&tail, at: now) }
        if now.instant >= pruneAt || keptSincePrune >= Self.pruneCount { prune(at: now) }
    }

    /// Opens the journal anew at the next occasion, which is now.
    mutating func tryAgain(with configuration: Journal.Configuration) {
        self.configuration = configuration
        journal?.close()
        journal = nil
        retryAt = nil
    }

    /// The oldest events from `seq` on that the journal has, given on a queue of their own.
    func page(from seq: UInt64, completion: @escaping @Sendable ([EventRecord]) -> Void) {
        pages.async { [journal, logger] in
            do {
                completion(try journal?.page(after: seq - 1, count: Self.pageCount, bytes: Self.pageBytes) ?? [])
            } catch {
                logger.error("journal cannot be read", metadata: ["failure": "\(error)"])
                completion([])
            }
        }
    }

    mutating func close(keeping tail: inout EventTail) {
        retryAt = nil
        keep(&tail, at: .now)
        isClosed = true
        journal?.close()
        journal = nil
    }
}

extension EventKeeper {
    private mutating func write(_ tail: inout EventTail, at now: Moment) {
        do throws(JournalFailure) {
            if mustReopen { try reopen(tail, at: now) }
            try append(&tail)
        } catch .corrupt {
            writeAnew(&tail, at: now)
        } catch {
            failed(error, at: now.instant)
        }
    }

    /// A full disk needs room; anything else may need another file descriptor.
    private var mustReopen: Bool { journal == nil || (failure != nil && failure != .full) }

    private mutating func append(_ tail: inout EventTail) throws(JournalFailure) {
        let unkept = tail.unkept
        if !unkept.isEmpty {
            try journal?.append(unkept)
            keptSincePrune += unkept.count
        }
        tail.kept(through: tail.lastSeq)
        succeeded()
    }

    /// The numbering is known here, so the epoch goes on where a damaged file ended; what was in it becomes a gap.
    private mutating func writeAnew(_ tail: inout EventTail, at now: Moment) {
        do throws(JournalFailure) {
            try reopen(tail, at: now)
            try append(&tail)
        } catch {
            failed(error, at: now.instant)
        }
    }

    private mutating func reopen(_ tail: EventTail, at now: Moment) throws(JournalFailure) {
        journal?.close()
        journal = nil
        let opening = try Journal.open(
            configuration, newEpoch: epoch, continuing: LogPosition(epoch: epoch, seq: tail.keptSeq),
            at: now.unixMilliseconds)
        journal = opening.journal
        if let name = opening.setAside { wasSetAside(name) }
    }

    private mutating func failed(_ error: JournalFailure, at now: Instant) {
        if failure != error {
            logger.critical("events are not kept on disk", metadata: ["failure": "\(error)"])
        }
        failure = error
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

    private mutating func prune(at now: Moment) {
        keptSincePrune = 0
        pruneAt = now.instant + Self.pruneTime
        guard failure == nil, let journal else { return }
        do {
            let count = try journal.prune(at: now.unixMilliseconds)
            if count > 0 { logger.info("old events removed", metadata: ["count": "\(count)"]) }
        } catch {
            logger.error("old events cannot be removed", metadata: ["failure": "\(error)"])
        }
    }
}
