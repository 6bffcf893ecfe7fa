import Testing
import Wire

@testable import ControlAPI

@Suite("The event log")
struct EventLogTests {
    private let now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 1_760_000_000_123)

    private func log(events: Int, capacity: Int = 100) -> EventLog {
        var log = EventLog(epoch: "e", capacity: capacity)
        for number in 0..<events {
            _ = log.append(Event.Content(.statusChanged, data: .integer(Int64(number))), seat: "default", at: now)
        }
        return log
    }

    private func seqs(_ resumption: EventLog.Resumption) -> [UInt64] {
        switch resumption {
        case .events(let events), .gap(_, _, let events): events.map(\.position.seq)
        }
    }

    @Test("An envelope has epoch, seq, time, seat, event, type and data")
    func envelope() {
        var log = EventLog(epoch: "e")
        let content = Event.Content(.callEvent, type: "newPBXCall", data: ["c": "1"])
        #expect(
            log.append(content, seat: "default", at: now).json == [
                "epoch": "e", "seq": 1, "time": "2025-10-09T08:53:20.123Z", "seat": "default", "event": "callEvent",
                "type": "newPBXCall", "data": ["c": "1"],
            ])
    }

    @Test("An event whose callback has no type has none in the envelope")
    func envelopeWithoutType() {
        var log = EventLog(epoch: "e")
        let event = log.append(Event.Content(.register, data: ["code": 200]), seat: "default", at: now)
        #expect(event.json.object?.keys.contains("type") == false)
    }

    @Test("A client gets all after its position, in order, once")
    func resume() {
        let log = log(events: 5)
        #expect(seqs(log.events(after: LogPosition(epoch: "e", seq: 2))) == [3, 4, 5])
        #expect(log.events(after: LogPosition(epoch: "e", seq: 5)) == .events([]))
        #expect(seqs(log.events(after: LogPosition(epoch: "e", seq: 0))) == [1, 2, 3, 4, 5])
    }

    @Test("A position of another epoch, or one not reached yet, gets everything")
    func foreignPosition() {
        let log = log(events: 3)
        #expect(seqs(log.events(after: LogPosition(epoch: "other", seq: 2))) == [1, 2, 3])
        #expect(seqs(log.events(after: LogPosition(epoch: "e", seq: 9))) == [1, 2, 3])
        #expect(seqs(log.events(after: LogPosition(epoch: "e", seq: .max))) == [1, 2, 3])
        #expect(EventLog(epoch: "e").events(after: LogPosition(epoch: "x", seq: 2)) == .events([]))
    }

    @Test("What is gone for good is said in a gap")
    func gap() {
        let log = log(events: 25, capacity: 10)
        guard case .gap(let from, let to, let then) = log.events(after: LogPosition(epoch: "e", seq: 2)) else {
            Issue.record("no gap")
            return
        }
        #expect(from == 3)
        #expect(to == then[0].position.seq - 1)
        #expect(then.map(\.position.seq) == Array(to + 1...25))
        #expect(then.count >= 10)
    }

    @Test("A position is written epoch:seq", arguments: ["e:", ":1", "e", "e:x", "e:1:2", "e:-1", ""])
    func badPosition(text: String) {
        #expect(LogPosition(text) == nil)
        #expect(LogPosition("e:17") == LogPosition(epoch: "e", seq: 17))
        #expect(LogPosition(epoch: "e", seq: 17).description == "e:17")
    }
}
