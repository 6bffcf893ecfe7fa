import ControlAPI
import ControlServer
import Journal
import Logging
import Network
import Wire

/// What the subscribers do.
extension EventStream {
    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        enter { $0.add(subscriber, after: after, to: sink) }
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        enter { stream in
            stream.live[subscriber] = nil
            stream.behind[subscriber] = nil
            stream.stalled.remove(subscriber)
        }
    }

    private func add(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        guard let after else {
            live[subscriber] = sink
            return
        }
        let isKnown = after.epoch == keeper.epoch && after.seq <= tail.lastSeq
        behind[subscriber] = Backlog(sink: sink, next: isKnown ? after.seq + 1 : 0)
        advance(subscriber)
    }

    /// Sends a subscriber its next page, from memory or from the journal.
    func advance(_ subscriber: SubscriberID) {
        guard let backlog = behind[subscriber] else { return }
        guard backlog.next >= tail.firstSeq else {
            // What happens until the page is read may leave memory again; it is no gap.
            let (epoch, limit) = (keeper.epoch, tail.firstSeq)
            keeper.page(from: max(backlog.next, 1)) { [weak self] page in
                self?.enter { $0.pageRead(subscriber, page, before: limit, in: epoch) }
            }
            return
        }
        send(tail.records(from: backlog.next).page, to: subscriber, backlog)
    }

    /// What a page asked for up to `limit` does not have is gone; what could not be read may not be.
    private func pageRead(
        _ subscriber: SubscriberID, _ page: Result<[EventRecord], JournalFailure>, before limit: UInt64,
        in epoch: String
    ) {
        guard var backlog = behind[subscriber] else { return }
        guard epoch == keeper.epoch else { return advance(subscriber) }
        switch page {
        case .success(let records):
            if records.isEmpty { sendGap(to: &backlog, before: limit) }
            send(records[...], to: subscriber, backlog)
        case .failure(let failure):
            stall(subscriber, failure)
        }
    }

    private func stall(_ subscriber: SubscriberID, _ failure: JournalFailure) {
        if stalled.isEmpty { logger.error("journal cannot be read", metadata: ["failure": "\(failure)"]) }
        stalled.insert(subscriber)
        stalledUntil = stalledUntil ?? MonotonicClock.now + Self.pageRetryTime
        if failure == .corrupt {
            keeper.foundDamage()
            keep()
        }
        watch()
    }

    private func send(_ records: ArraySlice<EventRecord>, to subscriber: SubscriberID, _ backlog: Backlog) {
        var backlog = backlog
        for record in records where record.seq >= backlog.next {
            sendGap(to: &backlog, before: record.seq)
            backlog.sink.send(record.message(epoch: keeper.epoch))
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
        backlog.sink.send(.gap(from: backlog.next, to: seq - 1, epoch: keeper.epoch))
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
