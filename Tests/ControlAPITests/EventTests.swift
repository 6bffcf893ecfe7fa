import Testing
import Wire

@testable import ControlAPI

@Suite("Events and the tail of their log")
struct EventTests {
    private func event(_ content: Event.Content) -> Event {
        Event(
            position: LogPosition(epoch: "e", seq: 1), unixMilliseconds: 1_760_000_000_123, seat: "default",
            content: content)
    }

    private func record(_ seq: UInt64, bytes: Int = 1) -> EventRecord {
        EventRecord(seq: seq, unixMilliseconds: 0, text: [UInt8](repeating: 0, count: bytes))
    }

    private func tail(
        _ seqs: ClosedRange<UInt64>, kept: UInt64, limits: EventTail.Limits = .init(count: 10, bytes: 100),
        unkept: EventTail.Limits = .init(count: 20, bytes: 200)
    ) -> EventTail {
        var tail = EventTail(after: seqs.lowerBound - 1, limits: limits, unkeptLimits: unkept)
        for seq in seqs {
            tail.append(record(seq))
            if seq <= kept { tail.kept(through: seq) }
        }
        return tail
    }

    private func text(_ content: Event.Content) -> String {
        String(decoding: event(content).text, as: UTF8.self)
    }

    @Test("An envelope has epoch, seq, time, seat, event, type and data")
    func envelope() {
        #expect(
            text(Event.Content(.callEvent, type: "newPBXCall", data: ["c": "1"]))
                == #"{"data":{"c":"1"},"epoch":"e","event":"callEvent","seat":"default","seq":1,"#
                + #""time":"2025-10-09T08:53:20.123Z","type":"newPBXCall"}"#)
    }

    @Test("An event whose callback has no type has none in the envelope")
    func envelopeWithoutType() {
        #expect(
            text(Event.Content(.register, data: 200))
                == #"{"data":200,"epoch":"e","event":"register","seat":"default","seq":1,"#
                + #""time":"2025-10-09T08:53:20.123Z"}"#)
    }

    @Test("An event is of the seat in its envelope, whatever its data says", arguments: ["type", nil])
    func seat(type: String?) throws {
        let data: JSON = ["a": ["seat": "anna", "seq": 2], "seat": "anna", "z": #"","seat":"anna"#]
        let record = EventRecord(event(Event.Content(.callEvent, type: type, data: data)))
        let names = ["default", "anna", "defaul", "default2"]
        let matching = try names.filter { record.message(epoch: "e").isOf(try #require(SeatName($0))) }
        #expect(matching == ["default"])
        #expect(!EventMessage.gap(from: 1, to: 2, epoch: "e").isOf(.default))
    }

    @Test(
        "The time is RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_001, "2000-03-01T00:00:00.001Z"),
            (1_709_164_800_050, "2024-02-29T00:00:00.050Z"), (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ])
    func time(milliseconds: Int64, expected: String) {
        let event = Event(
            position: LogPosition(epoch: "e", seq: 1), unixMilliseconds: milliseconds, seat: "s",
            content: Event.Content(.register, data: .null))
        #expect(String(decoding: event.text, as: UTF8.self).hasSuffix(#""time":"\#(expected)"}"#))
    }

    @Test("JSON text: members in order, what must be is escaped, numbers are short")
    func jsonText() {
        let value: JSON = [
            "b": .number(1), "a": .array([.null, .bool(true), .integer(-7), .number(0.25), .number(.infinity)]),
            "\"\\\n\r\t\u{1}\u{1F}é😀/": "x", "c": [:], "d": [],
        ]
        #expect(
            String(decoding: encodedJSON(value), as: UTF8.self)
                == #"{"\"\\\n\r\t\u0001\u001fé😀/":"x","a":[null,true,-7,0.25,null],"b":1,"c":{},"d":[]}"#)
    }

    @Test("A gap names the epoch and both ends, and is a position to go on from")
    func gap() {
        let gap = EventMessage.gap(from: 3, to: 7, epoch: "e")
        #expect(String(decoding: gap.text, as: UTF8.self) == #"{"epoch":"e","gap":{"from":3,"to":7}}"#)
        #expect(gap.position == LogPosition(epoch: "e", seq: 7))
    }

    @Test("A position is written epoch:seq", arguments: ["e:", ":1", "e", "e:x", "e:1:2", "e:-1", ""])
    func badPosition(text: String) {
        #expect(LogPosition(text) == nil)
        #expect(LogPosition("e:17") == LogPosition(epoch: "e", seq: 17))
        #expect(LogPosition(epoch: "e", seq: 17).description == "e:17")
    }

    @Test("The tail holds the newest events, so many or so many bytes")
    func limits() {
        #expect(tail(1...25, kept: 25).records(from: 16).map(\.seq) == Array(16...25))
        #expect(tail(1...25, kept: 25).firstSeq == 16)
        var heavy = EventTail(
            after: 0, limits: .init(count: 10, bytes: 100), unkeptLimits: .init(count: 10, bytes: 100))
        for seq in 1...9 as ClosedRange<UInt64> {
            heavy.append(record(seq, bytes: 30))
            heavy.kept(through: seq)
        }
        #expect(heavy.records(from: heavy.firstSeq).map(\.seq) == [7, 8, 9])
    }

    @Test("An empty tail begins with the number due next")
    func empty() {
        let tail = EventTail(after: 41)
        #expect(tail.firstSeq == 42)
        #expect(tail.lastSeq == 41)
        #expect(tail.records(from: 42).isEmpty)
        #expect(tail.unkept.isEmpty)
    }

    @Test("What the journal lacks stays longer, and counts as kept only when there is far too much of it")
    func unkept() {
        var tail = tail(1...15, kept: 2)
        #expect(tail.unkept.map(\.seq) == Array(3...15))
        #expect(tail.firstSeq == 3)
        for seq in 16...30 as ClosedRange<UInt64> { tail.append(record(seq)) }
        #expect(tail.unkept.map(\.seq) == Array(11...30))
        #expect(tail.keptSeq == 10)
        tail.kept(through: 30)
        #expect(tail.unkept.isEmpty)
        #expect(tail.firstSeq == 21)
    }

    @Test("The tail begins with what the journal ends with, if that is a run")
    func loading() {
        let tail = EventTail(after: 7, keeping: [record(5), record(6), record(7)])
        #expect(tail.records(from: 5).map(\.seq) == [5, 6, 7])
        #expect(tail.unkept.isEmpty)
        #expect(EventTail(after: 7, keeping: [record(5), record(7)]).firstSeq == 8)
        #expect(EventTail(after: 9, keeping: [record(7), record(8)]).firstSeq == 10)
        #expect(EventTail(after: 9, keeping: []).firstSeq == 10)
    }
}
