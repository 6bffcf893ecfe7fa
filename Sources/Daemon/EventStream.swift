import ControlAPI
import ControlServer
import Dispatch
import Journal
import Logging
import Network
import Synchronization
import Wire

/// The events of the seats: numbered as they happen, kept, then told.
///
/// A seat's queue only gives an event its number. Encoding, the disk and the subscribers are on a queue of their own, where
/// whatever has happened while the last batch was written makes the next one. A subscriber either is live, or has a backlog
/// that is read page by page as fast as it takes it; it becomes live when it has everything that was told, on the same queue on
/// which things are told, so that nothing falls between and nothing comes twice.
package actor EventStream {
    nonisolated private let executor = QueueExecutor(label: "phonebard.events")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What becomes one transaction at most; of bytes, one event more than that.
    private static let batchCount = 1024
    private static let batchBytes = 1 << 20
    /// When a page that could not be read is tried again.
    static let pageRetryTime = Duration.seconds(1)

    nonisolated private let inbox: EventInbox
    nonisolated private let progress: EventProgress
    nonisolated let condition: EventCondition
    let logger: Logger
    var keeper: EventKeeper
    var tail: EventTail
    /// That of the last event told.
    private var told: UInt64
    var live: [SubscriberID: any EventSink] = [:]
    var behind: [SubscriberID: Backlog] = [:]
    /// Those behind whose page could not be read.
    var stalled: Set<SubscriberID> = []
    var stalledUntil: Instant?
    private var retryTimer: DeadlineTimer?

    struct Backlog {
        let sink: any EventSink
        /// The number due next; 0, which no event has, when the subscriber's own numbering means nothing here.
        var next: UInt64
    }

    /// - Parameter inboxLimit: how many events may wait for the disk.
    /// - Throws: ``JournalFailure/inUse`` when another daemon has the journal; any other failure is lived with.
    package init(
        journal: Journal.Configuration, inboxLimit: Int = 1 << 17, logger: Logger
    ) throws(JournalFailure) {
        self.logger = logger
        let (keeper, tail) = try EventKeeper.open(journal, logger: logger)
        self.keeper = keeper
        self.tail = tail
        told = tail.lastSeq
        condition = keeper.condition
        let position = LogPosition(epoch: keeper.epoch, seq: tail.lastSeq)
        inbox = EventInbox(after: position, limit: inboxLimit)
        progress = EventProgress(at: position)
        enter { $0.watch() }
    }

    /// Runs `body` on the actor, in the order of the calls.
    nonisolated func enter(_ body: @escaping @Sendable (isolated EventStream) -> Void) {
        executor.queue.async { self.assumeIsolated(body) }
    }
}

/// What the seats do.
extension EventStream {
    /// The last event that has happened.
    nonisolated package var position: LogPosition { inbox.position }

    /// Gives an event its number; it will be kept and told.
    nonisolated package func publish(_ content: Event.Content, seat: String, at now: Moment) {
        let occurrence = EventInbox.Occurrence(content: content, seat: seat, unixMilliseconds: now.unixMilliseconds)
        if inbox.add(occurrence) { enter { $0.keepAndTell() } }
    }

    /// Runs `action` when everything up to `position` has been told, after which no restart gives its number again; after
    /// `limit` with what has been told until then.
    nonisolated package func whenTold(
        _ position: LogPosition, within limit: Duration? = nil, _ action: @escaping @Sendable (LogPosition) -> Void
    ) {
        progress.when(position, within: limit, action)
    }

    /// Waits until everything that has happened was told.
    nonisolated package func settled() async {
        await withCheckedContinuation { continuation in whenTold(position) { _ in continuation.resume() } }
    }

    /// Keeps and tells what has happened, then closes the journal; nothing happens afterwards.
    package func close() {
        inbox.close()
        keepAndTell()
        retryTimer = nil
        keeper.close(keeping: &tail)
    }
}

extension EventStream {
    private func keepAndTell() {
        let (first, occurrences) = inbox.takeAll()
        // Numbers that the inbox had no room for are passed over.
        var next = max(first, told + 1)
        var rest = occurrences[...]
        while !rest.isEmpty {
            let (events, records) = takeBatch(&rest, from: next)
            for record in records { tail.append(record) }
            keep()
            tell(records)
            log(events)
            next = told + 1
        }
        watch()
    }

    /// Numbers and encodes the next events.
    private func takeBatch(
        _ rest: inout ArraySlice<EventInbox.Occurrence>, from first: UInt64
    ) -> (events: [Event], records: [EventRecord]) {
        var events: [Event] = []
        var records: [EventRecord] = []
        var bytes = 0
        while records.count < Self.batchCount, bytes < Self.batchBytes, let next = rest.popFirst() {
            let event = Event(
                position: LogPosition(epoch: keeper.epoch, seq: first + UInt64(records.count)),
                unixMilliseconds: next.unixMilliseconds, seat: next.seat, content: next.content)
            let record = EventRecord(event)
            events.append(event)
            records.append(record)
            bytes += record.text.count
        }
        return (events, records)
    }

    func keep() {
        let epoch = keeper.epoch
        let lastSeq = tail.lastSeq
        keeper.keep(&tail, at: .now)
        if keeper.epoch != epoch { move(behind: LogPosition(epoch: keeper.epoch, seq: tail.lastSeq - lastSeq)) }
    }

    /// The journal could be opened at last. Who heard the numbers of the epoch until now gets a gap from 0 and all there is.
    private func move(behind end: LogPosition) {
        logger.notice("the event log is open; its epoch goes on")
        inbox.move(behind: end)
        told = tail.lastSeq
        let subscribers = Array(live.keys)
        for subscriber in behind.keys { behind[subscriber]?.next = 0 }
        behind.merge(live.mapValues { Backlog(sink: $0, next: 0) }) { old, _ in old }
        live = [:]
        progress.reached(LogPosition(epoch: end.epoch, seq: told))
        for subscriber in subscribers { advance(subscriber) }
    }

    private func tell(_ records: [EventRecord]) {
        guard let first = records.first, first.seq > told else { return }
        if first.seq > told + 1 { tell(.gap(from: told + 1, to: first.seq - 1, epoch: keeper.epoch)) }
        for record in records { tell(record.message(epoch: keeper.epoch)) }
        told = tail.lastSeq
        progress.reached(LogPosition(epoch: keeper.epoch, seq: told))
    }

    private func tell(_ message: EventMessage) {
        for sink in live.values { sink.send(message) }
    }

    private func log(_ events: [Event]) {
        for event in events {
            logger.info(
                "event",
                metadata: [
                    "event": "\(event.content.name.rawValue)", "type": "\(event.content.type ?? "")",
                    "seq": "\(event.position.seq)",
                ])
        }
    }

    /// Comes back to the keeper when it wants to try again, or to remove what is too old.
    func watch() {
        if retryTimer == nil {
            retryTimer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
        }
        retryTimer?.deadline = stalledUntil.map { min($0, keeper.deadline) } ?? keeper.deadline
    }

    /// What the keeper does when its time comes, in tests with another configuration.
    func tryAgain(with journal: Journal.Configuration) {
        keeper.tryAgain(with: journal)
        deadlineReached()
    }

    private func deadlineReached() {
        keep()
        stalledUntil = nil
        let subscribers = stalled
        stalled = []
        for subscriber in subscribers { advance(subscriber) }
        watch()
    }
}
