import Audio
import ControlAPI
import ControlServer
import Crypto
import Dispatch
import Foundation
import Journal
import Testing
import Wire

@testable import Daemon

@Suite("The event stream", .timeLimit(.minutes(2)))
struct EventStreamTests {
    private let folder: EventFolder

    init() throws {
        folder = try EventFolder()
    }

    @Test("Who subscribes without a position gets what happens from then on, in order")
    func live() async throws {
        let stream = try folder.open()
        stream.publish(1...3)
        await stream.settled()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: sink)
        await stream.idle()
        stream.publish(4...6)
        await stream.settled()
        #expect(sink.entries == .events(4...6))
        stream.unsubscribe(SubscriberID(1))
        stream.publish(7...7)
        await stream.settled()
        #expect(sink.entries == .events(4...6))
    }

    @Test("What a subscriber has been told is in the journal already")
    func keptFirst() async throws {
        let stream = try folder.open()
        stream.publish(1...50)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(0), to: sink)
        await sink.received(50)
        let copy = try folder.copied().open()
        #expect(copy.epoch == stream.epoch)
        #expect(copy.position.seq == 50)
    }

    @Test("All subscribers share one encoding of an event")
    func encodedOnce() async throws {
        let stream = try folder.open()
        let sinks = [RecordingSink(), RecordingSink()]
        for (number, sink) in sinks.enumerated() {
            stream.subscribe(SubscriberID(UInt64(number)), after: nil, to: sink)
        }
        await stream.idle()
        stream.publish(1...1)
        await stream.settled()
        let addresses = sinks.map { $0.messages[0].text.withUnsafeBufferPointer { $0.baseAddress } }
        #expect(addresses[0] == addresses[1])
    }

    @Test(
        "Who resumes gets everything since, once and in order, from memory or from the journal",
        arguments: [0, 1, 4000, 4999, 5000])
    func resume(after: UInt64) async throws {
        let stream = try folder.open()
        stream.publish(1...5000)
        await stream.settled()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(after), to: sink)
        await sink.received(5000 - Int(after))
        stream.publish(5001...5003)
        await stream.settled()
        await sink.received(5003 - Int(after))
        #expect(sink.entries == .events(after + 1...5003))
    }

    @Test("Nothing is lost or doubled where a backlog meets what happens meanwhile")
    func seam() async throws {
        let stream = try folder.open()
        let sinks = (0..<20).map { _ in RecordingSink() }
        stream.publish(1...20)
        await stream.settled()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for start in stride(from: 21, through: 2000, by: 20) {
                    stream.publish(start...start + 19)
                    await Task.yield()
                }
            }
            for (number, sink) in sinks.enumerated() {
                group.addTask {
                    stream.subscribe(
                        SubscriberID(UInt64(number)), after: stream.position(UInt64(number % 3)), to: sink)
                    await Task.yield()
                }
            }
        }
        for (number, sink) in sinks.enumerated() {
            let after = number % 3
            await sink.received(2000 - after)
            #expect(sink.entries == .events(UInt64(after + 1)...2000))
        }
    }

    @Test("What happens while a page that has nothing is read is told, not a gap")
    func emptyPage() async throws {
        let stream = try folder.open()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: LogPosition(epoch: "other", seq: 1), to: sink)
        stream.publish(1...2000)
        await sink.received(through: 2000)
        #expect(sink.entries == [.gap(0, 0)] + .events(1...2000))
    }

    @Test("A backlog waits for its subscriber page by page, and nobody else waits")
    func pages() async throws {
        let stream = try folder.open()
        stream.publish(1...4000, bytes: 1000)
        await stream.settled()
        let slow = RecordingSink(taking: false)
        let quick = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(0), to: slow)
        stream.subscribe(SubscriberID(2), after: nil, to: quick)
        await slow.received(100)
        stream.publish(4001...4010)
        await stream.settled()
        #expect(quick.entries == .events(4001...4010))
        var count = slow.messages.count
        #expect(count < 200)
        while count < 4010 {
            slow.drain()
            await slow.received(min(count + 1, 4010))
            await stream.idle()
            #expect(slow.messages.count - count < 200)
            count = slow.messages.count
        }
        #expect(slow.entries == .events(1...4010))
    }

    @Test("A batch of large events is kept and told whole")
    func largeBatch() async throws {
        let stream = try folder.open()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: sink)
        await stream.idle()
        stream.publish(1...100, bytes: 65_536)
        await stream.settled()
        #expect(sink.entries == .events(1...100))
        let resumed = RecordingSink()
        stream.subscribe(SubscriberID(2), after: stream.position(0), to: resumed)
        await resumed.received(through: 100)
        #expect(resumed.entries == .events(1...100))
    }

    @Test("What the disk is too slow for is a gap to those who listen")
    func overflow() async throws {
        let stream = try EventStream(journal: folder.journal, inboxLimit: 100, logger: RecordedLog().logger)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: sink)
        let gate = GateSink()
        stream.subscribe(SubscriberID(2), after: nil, to: gate)
        await stream.idle()
        stream.publish(1...1)
        await gate.entered()
        stream.publish(2...220)
        gate.open()
        await stream.settled()
        #expect(sink.entries == [.event(1), .gap(2, 151)] + .events(152...220))
    }

    @Test("What happens after the journal is closed is told to nobody, for its number will be given again")
    func toldAfterClose() async throws {
        let stream = try folder.open()
        stream.publish(1...3)
        await stream.settled()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: sink)
        await stream.close()
        stream.publish(4...6)
        await stream.idle()
        #expect(sink.entries == [])
        #expect(stream.position == stream.position(3))
        #expect(try folder.open().position == stream.position(3))
    }

    @Test("Seats that stop carry out nothing but a logout, and make no events up")
    func stopping() async throws {
        var configuration = Configuration(
            endpoints: [], stateDirectory: folder.path, microphone: .null, speaker: .null)
        configuration.injectsEvents = true
        let seats = Seats(
            Premises(
                configuration: configuration, instanceID: "urn:uuid:0", events: try folder.open(),
                logger: RecordedLog().logger))
        await seats.stop()
        for command in [Command.checkLogin, .call(number: "1"), .checkSeatState] {
            let result = await withCheckedContinuation { continuation in
                seats.perform(command, on: .default) { continuation.resume(returning: $0) }
            }
            #expect(result == .failure(.notReady))
        }
        let result = await withCheckedContinuation { continuation in
            seats.perform(.logout, on: .default) { continuation.resume(returning: $0) }
        }
        #expect(throws: Never.self) { try result.get() }
        let injected = await withCheckedContinuation { continuation in
            let body = Array(#"{"count":1,"size":0}"#.utf8)
            let isKnown = seats.answerTest("/v1/test/events", body: body) { continuation.resume(returning: $0) }
            #expect(isKnown)
        }
        #expect(injected == .failure(.notReady))
    }

    @Test("Who waits until something is told gets what has been told when the time is over")
    func toldInTime() async throws {
        let stream = try folder.open()
        stream.publish(1...2)
        await stream.settled()
        let gate = GateSink()
        stream.subscribe(SubscriberID(1), after: nil, to: gate)
        await stream.idle()
        stream.publish(3...3)
        await gate.entered()
        let told = await withCheckedContinuation { continuation in
            stream.whenTold(stream.position(3), within: .milliseconds(1)) { continuation.resume(returning: $0) }
        }
        #expect(told == stream.position(2))
        gate.open()
        await stream.settled()
        let later = await withCheckedContinuation { continuation in
            stream.whenTold(stream.position(3), within: .milliseconds(1)) { continuation.resume(returning: $0) }
        }
        #expect(later == stream.position(3))
    }

    @Test("After a restart the epoch and the numbers go on")
    func restart() async throws {
        var stream = try folder.open()
        let epoch = stream.epoch
        stream.publish(1...1500)
        await stream.close()
        stream = try folder.open()
        #expect(stream.epoch == epoch)
        #expect(stream.position.seq == 1500)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(7), to: sink)
        stream.publish(1501...1502)
        await sink.received(1495)
        #expect(sink.entries == .events(8...1502))
    }

    @Test("A position of another epoch, or one not reached yet, gets a gap from 0 and then everything there is")
    func foreign() async throws {
        let stream = try folder.open()
        stream.publish(1...2000)
        await stream.settled()
        for (number, after) in [LogPosition(epoch: "other", seq: 17), stream.position(2001)].enumerated() {
            let sink = RecordingSink()
            stream.subscribe(SubscriberID(UInt64(number)), after: after, to: sink)
            await sink.received(2001)
            #expect(sink.entries == [.gap(0, 0)] + .events(1...2000))
        }
    }

    @Test("What was removed by age is a gap, and so it is for who comes from another epoch")
    func gap() async throws {
        var stream = try folder.open()
        stream.publish(1...10)
        await stream.close()
        folder.journal.maximumAge = .seconds(-1)
        stream = try folder.open()
        folder.journal.maximumAge = .seconds(3600)
        stream.publish(11...12)
        await stream.settled()
        let known = RecordingSink()
        let foreign = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(3), to: known)
        stream.subscribe(SubscriberID(2), after: LogPosition(epoch: "other", seq: 3), to: foreign)
        await known.received(3)
        await foreign.received(3)
        #expect(known.entries == [.gap(4, 10)] + .events(11...12))
        #expect(foreign.entries == [.gap(0, 10)] + .events(11...12))
    }
}

@Suite("The event stream and a journal that fails", .timeLimit(.minutes(2)))
struct EventFailureTests {
    private let folder: EventFolder

    init() throws {
        folder = try EventFolder()
    }

    @Test("With a full disk events are told all the same, and a restart gives none of their numbers again")
    func full() async throws {
        folder.journal.pageLimit = 16
        let log = RecordedLog()
        let stream = try folder.open(log: log)
        let live = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: live)
        #expect(stream.condition.json() == ["keeping": true])
        stream.publish(1...5)
        await stream.settled()
        stream.publish(6...105, bytes: 1000)
        await stream.settled()
        stream.publish(106...110)
        await stream.settled()
        #expect(live.entries == .events(1...110))
        #expect(stream.condition.json() == ["keeping": false, "failure": "the disk is full"])
        #expect(log.text.contains("events are not kept on disk"))

        let resumed = RecordingSink()
        stream.subscribe(SubscriberID(2), after: LogPosition(epoch: stream.epoch, seq: 2), to: resumed)
        await resumed.received(108)
        #expect(resumed.entries == .events(3...110))

        let copy = try folder.copied()
        let next = try copy.open()
        #expect(next.epoch == stream.epoch)
        #expect(next.position.seq > 110)
        let skipped = next.position.seq
        next.publish(1...1)
        await next.settled()
        let after = RecordingSink()
        next.subscribe(SubscriberID(1), after: LogPosition(epoch: stream.epoch, seq: 3), to: after)
        await after.received(through: skipped + 1)
        let kept = UInt64(after.entries.count + 1)
        #expect(after.entries == .events(4...kept) + [.gap(kept + 1, skipped), .event(skipped + 1)])
        #expect(5..<105 ~= kept)
    }

    @Test("When there is room again everything since is kept")
    func roomAgain() async throws {
        folder.journal.pageLimit = 16
        let stream = try folder.open()
        stream.publish(1...100, bytes: 1000)
        await stream.settled()
        #expect(stream.condition.json()["keeping"] == false)
        folder.journal.pageLimit = nil
        await stream.tryAgain(with: folder.journal)
        #expect(stream.condition.json() == ["keeping": true])
        let copy = try folder.copied()
        let next = try copy.open()
        #expect(next.position == stream.position)
        let sink = RecordingSink()
        next.subscribe(SubscriberID(1), after: LogPosition(epoch: stream.epoch, seq: 0), to: sink)
        await sink.received(100)
        #expect(sink.entries == .events(1...100))
    }

    @Test("A damaged file is set aside, said in the log and in the state, and a new epoch begins")
    func damaged() async throws {
        var stream = try folder.open()
        let epoch = stream.epoch
        stream.publish(1...5)
        await stream.close()
        try Data(repeating: 0x55, count: 9000).write(to: URL(filePath: folder.journal.path))
        let log = RecordedLog()
        stream = try folder.open(log: log)
        #expect(stream.epoch != epoch)
        #expect(stream.position.seq == 0)
        #expect(stream.condition.json()["keeping"] == true)
        let name = try #require(stream.condition.json()["setAside"]?.string)
        #expect(FileManager.default.fileExists(atPath: name))
        #expect(log.text.contains("set aside"))
        stream.publish(1...2)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: LogPosition(epoch: epoch, seq: 5), to: sink)
        await sink.received(3)
        #expect(sink.entries == [.gap(0, 0)] + .events(1...2))
    }

    @Test("Without a folder for the journal events are in memory, told and resumed")
    func noFolder() async throws {
        let journal = EventJournal(path: folder.path + "/nowhere/events.sqlite")
        let stream = try EventStream(journal: journal, logger: RecordedLog().logger)
        #expect(stream.condition.json() == ["keeping": false, "failure": "No such file or directory"])
        stream.publish(1...20)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: LogPosition(epoch: stream.epoch, seq: 4), to: sink)
        await sink.received(16)
        #expect(sink.entries == .events(5...20))
    }

    @Test("A journal that could not be opened at the start is gone on with, and who heard other numbers is told")
    func openedLate() async throws {
        var stream = try folder.open()
        let epoch = stream.epoch
        stream.publish(1...3)
        await stream.close()
        let log = RecordedLog()
        let nowhere = EventJournal(path: folder.path + "/nowhere/events.sqlite")
        stream = try EventStream(journal: nowhere, logger: log.logger)
        #expect(stream.epoch != epoch)
        let live = RecordingSink()
        stream.subscribe(SubscriberID(1), after: nil, to: live)
        stream.publish(1...2)
        await stream.settled()
        #expect(live.entries == .events(1...2))

        await stream.tryAgain(with: folder.journal)
        #expect(stream.condition.json() == ["keeping": true])
        #expect(stream.position == LogPosition(epoch: epoch, seq: 5))
        await live.received(8)
        #expect(live.entries == .events(1...2) + [.gap(0, 0)] + .events(1...5))
        let texts = live.messages.suffix(2).map { String(decoding: $0.text, as: UTF8.self) }
        #expect(texts[0].contains(#""number":1"#) && texts[0].contains(#""epoch":"\#(epoch)""#))
        #expect(texts[0].contains(#""seq":4"#) && texts[1].contains(#""seq":5"#))
        stream.publish(3...3)
        await live.received(9)
        #expect(live.entries.last == .event(6))
        let resumed = RecordingSink()
        stream.subscribe(SubscriberID(2), after: LogPosition(epoch: epoch, seq: 2), to: resumed)
        await resumed.received(4)
        #expect(resumed.entries == .events(3...6))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0.contains(".aside-") })
        #expect(!log.text.contains("set aside"))
        #expect(try folder.copied().open().position == LogPosition(epoch: epoch, seq: 6))
    }

    @Test("A journal that could only be read at the start is written once it can be")
    func writableLate() async throws {
        var stream = try folder.open()
        let epoch = stream.epoch
        stream.publish(1...3)
        await stream.close()
        let shared = folder.journal.path + "-shm"
        try? FileManager.default.removeItem(atPath: shared)
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: false)
        stream = try folder.open()
        stream.publish(4...4)
        await stream.settled()
        #expect(stream.condition.json()["keeping"] == false)
        try FileManager.default.removeItem(atPath: shared)
        await stream.tryAgain(with: folder.journal)
        #expect(stream.condition.json() == ["keeping": true])
        #expect(try folder.copied().open().position == LogPosition(epoch: epoch, seq: 4))
    }

    @Test("Events that are on disk are not called gone while the journal cannot be opened anew")
    func notReopened() async throws {
        let stream = try folder.open()
        stream.publish(1...3000)
        await stream.settled()
        var broken = folder.journal
        broken.path = folder.path + "/nowhere/events.sqlite"
        await stream.tryAgain(with: broken)
        #expect(stream.condition.json()["keeping"] == false)
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(0), to: sink)
        await sink.received(through: 3000)
        #expect(sink.entries == .events(1...3000))
        await stream.tryAgain(with: folder.journal)
        #expect(stream.condition.json() == ["keeping": true])
    }

    @Test("Damage that a reader comes upon is shown, and only what is on the damaged page is gone")
    func damagedWhileRunning() async throws {
        let log = RecordedLog()
        let stream = try folder.open(log: log)
        let epoch = stream.epoch
        stream.publish(1...5000, bytes: 100)
        await stream.settled()
        try await folder.overwritePage()
        let sink = RecordingSink()
        stream.subscribe(SubscriberID(1), after: stream.position(0), to: sink)
        await sink.received(through: 5000)
        let gaps = sink.entries.filter { if case .gap = $0 { true } else { false } }
        guard gaps.count == 1, case .gap(let from, let to) = gaps[0] else {
            Issue.record("\(gaps)")
            return
        }
        #expect(to - from < 100)
        #expect(sink.entries == .events(1...from - 1) + gaps + .events(to + 1...5000))
        #expect(stream.epoch == epoch)
        #expect(stream.condition.json()["keeping"] == true)
        let name = try #require(stream.condition.json()["setAside"]?.string)
        #expect(FileManager.default.fileExists(atPath: name))
        #expect(log.text.contains("set aside"))
        stream.publish(5001...5001)
        await sink.received(through: 5001)
        #expect(try folder.copied().open().position == LogPosition(epoch: epoch, seq: 5001))
    }

    @Test("A journal that is removed under the daemon is missed, and what happens next is kept in a new one")
    func removed() async throws {
        let log = RecordedLog()
        let stream = try folder.open(log: log)
        stream.publish(1...5)
        await stream.settled()
        for suffix in ["", "-wal", "-shm", ".unkept"] {
            try FileManager.default.removeItem(atPath: folder.journal.path + suffix)
        }
        stream.publish(6...7)
        await stream.settled()
        #expect(log.text.contains("the event log was removed"))
        #expect(stream.condition.json() == ["keeping": true])
        let copy = try folder.copied()
        let next = try copy.open()
        #expect(next.position == stream.position(7))
        let sink = RecordingSink()
        next.subscribe(SubscriberID(1), after: stream.position(0), to: sink)
        await sink.received(through: 7)
        #expect(sink.entries == [.gap(1, 5)] + .events(6...7))
    }

    @Test("What is too old makes room on a full disk")
    func roomByAge() async throws {
        folder.journal.pageLimit = 32
        let stream = try folder.open()
        stream.publish(1...60, bytes: 1000)
        await stream.settled()
        stream.publish(61...120, bytes: 1000)
        await stream.settled()
        #expect(stream.condition.json() == ["keeping": false, "failure": "the disk is full"])
        folder.journal.maximumAge = .seconds(-1)
        await stream.tryAgain(with: folder.journal)
        #expect(stream.condition.json() == ["keeping": true])
    }

    @Test("A second daemon does not start on the same journal")
    func twoDaemons() throws {
        let first = try folder.open()
        #expect(throws: JournalFailure.inUse) { try folder.open() }
        withExtendedLifetime(first) {}
    }
}
