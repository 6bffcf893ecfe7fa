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

    /// How many events become one transaction at most.
    private static let batchLimit = 1024

    nonisolated package let epoch: String
    nonisolated private let inbox: Mutex<Inbox>
    private var keeper: EventKeeper
    nonisolated private let keeping: EventKeeper.Condition
    private let logger: Logger
    private var tail: EventTail
    private var live: [SubscriberID: any EventSink] = [:]
    private var behind: [SubscriberID: Backlog] = [:]
    /// Who waits until everything up to a number has been told; the numbers rise.
    private var waiting: [(seq: UInt64, action: @Sendable () -> Void)] = []
    private var retryTimer: DeadlineTimer?

    /// What has happened and not been told.
    private struct Inbox {
        var lastSeq: UInt64
        var events: [Event] = []
    }

    private struct Backlog {
        let sink: any EventSink
        /// The number due next; 0, which no event has, when the subscriber's own numbering means nothing here.
        var next: UInt64
    }

    /// - Throws: ``JournalFailure/inUse`` when another daemon has the journal; any other failure is lived with.
    package init(journal: Journal.Configuration, logger: Logger) throws(JournalFailure) {
        self.logger = logger
        let (keeper, tail) = try EventKeeper.open(journal, logger: logger)
        self.keeper = keeper
        self.tail = tail
        epoch = keeper.epoch
        keeping = keeper.condition
        inbox = Mutex(Inbox(lastSeq: tail.lastSeq))
        enter { $0.watch() }
    }

    /// Runs `body` on the actor, in the order of the calls.
    nonisolated private func enter(_ body: @escaping @Sendable (isolated EventStream) -> Void) {
        executor.queue.async { self.assumeIsolated(body) }
    }
}

/// What the seats do.
extension EventStream {
    /// The last event that has happened.
    nonisolated package var position: LogPosition {
        LogPosition(epoch: epoch, seq: inbox.withLock { $0.lastSeq })
    }

    /// Gives an event its number; it will be kept and told.
    nonisolated package func publish(_ content: Event.Content, seat: String, at now: Moment) {
        let isFirst = inbox.withLock { inbox in
            inbox.lastSeq += 1
            let position = LogPosition(epoch: epoch, seq: inbox.lastSeq)
            inbox.events.append(
                Event(position: position, unixMilliseconds: now.unixMilliseconds, seat: seat, content: content))
            return inbox.events.count == 1
        }
        if isFirst { enter { $0.keepAndTell() } }
    }

    /// Runs `action` when everything up to `position` has been told, after which no restart gives its number again.
    nonisolated package func whenTold(_ position: LogPosition, _ action: @escaping @Sendable () -> Void) {
        enter { $0.wait(for: position.seq, action) }
    }

    /// Keeps and tells what has happened, then closes the journal.
    package func close() {
        keepAndTell()
        retryTimer = nil
        keeper.close(keeping: &tail)
    }

    /// Whether events are kept, and what went wrong.
    nonisolated var condition: JSON { keeping.json }
}

extension EventStream {
    private func keepAndTell() {
        let events = inbox.withLock { inbox in
            let events = inbox.events
            inbox.events = []
            return events
        }
        for start in stride(from: 0, to: events.count, by: Self.batchLimit) {
            let batch = events[start..<min(start + Self.batchLimit, events.count)]
            let told = tail.lastSeq
            for event in batch { tail.append(EventRecord(event)) }
            keeper.keep(&tail, at: .now)
            tell(tail.records(from: max(told + 1, tail.firstSeq)))
            log(batch)
        }
        watch()
    }

    private func tell(_ records: ArraySlice<EventRecord>) {
        let messages = records.map { $0.message(epoch: epoch) }
        for sink in live.values {
            for message in messages { sink.send(message) }
        }
        while let first = waiting.first, first.seq <= tail.lastSeq {
            waiting.removeFirst()
            first.action()
        }
    }

    private func log(_ events: ArraySlice<Event>) {
        for event in events {
            logger.info(
                "event",
                metadata: [
                    "event": "\(event.content.name.rawValue)", "type": "\(event.content.type ?? "")",
                    "seq": "\(event.position.seq)",
                ])
        }
    }

    private func wait(for seq: UInt64, _ action: @escaping @Sendable () -> Void) {
        guard seq > tail.lastSeq else {
            action()
            return
        }
        waiting.append((seq, action))
    }

    /// Comes back to the keeper when it wants to try again, or to remove what is too old.
    private func watch() {
        if retryTimer == nil {
            retryTimer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
        }
        retryTimer?.deadline = keeper.deadline
    }

    /// What the keeper does when its time comes, in tests with another configuration.
    func tryAgain(with journal: Journal.Configuration) {
        keeper.tryAgain(with: journal)
        deadlineReached()
    }

    private func deadlineReached() {
        keeper.keep(&tail, at: .now)
        watch()
    }
}

/// What the subscribers do.
extension EventStream {
    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        enter { $0.add(subscriber, after: after, to: sink) }
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        enter { stream in
            stream.live[subscriber] = nil
            stream.behind[subscriber] = nil
        }
    }

    private func add(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        guard let after else {
            live[subscriber] = sink
            return
        }
        let isKnown = after.epoch == epoch && after.seq <= tail.lastSeq
        behind[subscriber] = Backlog(sink: sink, next: isKnown ? after.seq + 1 : 0)
        advance(subscriber)
    }

    /// Sends a subscriber its next page, from memory or from the journal.
    private func advance(_ subscriber: SubscriberID) {
        guard let backlog = behind[subscriber] else { return }
        guard backlog.next >= tail.firstSeq else {
            // What happens until the page is read may leave memory again; it is no gap.
            keeper.page(from: max(backlog.next, 1)) { [weak self, limit = tail.firstSeq] records in
                self?.enter { $0.pageRead(subscriber, records, before: limit) }
            }
            return
        }
        send(tail.records(from: backlog.next).page, to: subscriber, backlog)
    }

    /// What a page asked for up to `limit` does not have is gone.
    private func pageRead(_ subscriber: SubscriberID, _ records: [EventRecord], before limit: UInt64) {
        guard var backlog = behind[subscriber] else { return }
        if records.isEmpty {
            sendGap(to: &backlog, before: limit)
        }
        send(records[...], to: subscriber, backlog)
    }

    private func send(_ records: ArraySlice<EventRecord>, to subscriber: SubscriberID, _ backlog: Backlog) {
        var backlog = backlog
        for record in records where record.seq >= backlog.next {
            sendGap(to: &backlog, before: record.seq)
            backlog.sink.send(record.message(epoch: epoch))
            backlog.next = record.seq + 1
        }
        if backlog.next > tail.lastSeq {
            behind[subscriber] = nil
            live[subscriber] = backlog.sink
        } else {
            behind[subscriber] = backlog
            backlog.sink.whenDrained { [weak self] in self?.enter { $0.advance(subscriber) } }
        }
    }

    private func sendGap(to backlog: inout Backlog, before seq: UInt64) {
        guard backlog.next < seq else { return }
        backlog.sink.send(.gap(from: backlog.next, to: seq - 1, epoch: epoch))
        backlog.next = seq
    }
}

extension ArraySlice<EventRecord> {
    /// As much as is sent before the subscriber has to have taken it.
    fileprivate var page: ArraySlice<EventRecord> {
        var bytes = 0
        return prefix(EventKeeper.pageCount).prefix { record in
            defer { bytes += record.text.count }
            return bytes < EventKeeper.pageBytes
        }
    }
}
