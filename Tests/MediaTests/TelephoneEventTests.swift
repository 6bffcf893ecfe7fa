import Media
import Testing
import Wire

@Suite("Telephone events (RFC 4733)") struct TelephoneEventTests {
    private func header(_ timestamp: UInt32, marker: Bool = false, ssrc: UInt32 = 1) -> RTPHeader {
        RTPHeader(payloadType: 101, marker: marker, sequenceNumber: 0, timestamp: timestamp, ssrc: ssrc)
    }

    private func parsed(_ bytes: [UInt8]) -> TelephoneEvent? { TelephoneEvent(parsing: bytes.span) }

    private func payload(_ code: UInt8, _ duration: UInt16, isEnd: Bool = false) -> [UInt8] {
        [code, (isEnd ? 0x80 : 0) | 10, UInt8(duration >> 8), UInt8(duration & 0xFF)]
    }

    @Test("Event, end, volume and duration have their places (§2.3)") func layout() {
        let event = TelephoneEvent(code: 11, isEnd: true, volume: 10, duration: 800)
        var bytes = [UInt8](repeating: 0xFF, count: 5)
        var span = bytes.mutableSpan
        event.write(into: &span, from: 1)
        #expect(bytes == [0xFF, 11, 0x8A, 3, 0x20])
        #expect(parsed([11, 0x8A, 3, 0x20]) == event)
        #expect(parsed([11, 0x8A, 3]) == nil)
    }

    @Test("The keys have the first sixteen codes (§3.2)") func keys() {
        #expect("0123456789*#ABCD".map { TelephoneKey.code(of: $0) } == (0..<16).map { UInt8($0) })
        #expect(TelephoneKey.code(of: "E") == nil)
        #expect(TelephoneKey.key(of: 11) == "#")
        #expect(TelephoneKey.key(of: 16) == nil)
    }

    @Test("The duration grows with each packet, and the end is said three times (§2.5.1.3, §2.5.1.4)")
    func sending() {
        var sender = TelephoneEventSender(code: 5, length: 480)
        var sent: [TelephoneEvent] = []
        while let next = sender.next(after: 160) {
            #expect(next.isFirst == sent.isEmpty)
            sent.append(next.event)
        }
        let durations: [(UInt16, Bool)] = [(160, false), (320, false), (480, true), (480, true), (480, true)]
        #expect(sent == durations.map { TelephoneEvent(code: 5, isEnd: $0.1, volume: 10, duration: $0.0) })
        #expect(sender.isOver)
    }

    @Test(
        "After a key there is a pause, of whole packets",
        arguments: [(80, 12, 7), (160, 7, 4), (320, 5, 2), (480, 4, 2)])
    func pausing(step: UInt32, packets: Int, pauses: Int) {
        var sender = TelephoneEventSender(code: 5, length: 800, pause: 560)
        #expect(sender.stepsLeft(of: step) == packets + pauses)
        var events = 0
        for _ in 0..<packets + pauses {
            #expect(!sender.isOver)
            if sender.next(after: step) != nil { events += 1 }
        }
        #expect(sender.isOver)
        #expect(events == packets)
        #expect(sender.next(after: step) == nil)
    }

    @Test("A key is told once, from whichever of its packets comes first") func once() {
        var receiver = TelephoneEventReceiver()
        #expect(receiver.receive(header(100), payload(5, 320)) == "5")
        #expect(receiver.receive(header(100, marker: true), payload(5, 160)) == nil)
        for _ in 0..<3 { #expect(receiver.receive(header(100), payload(5, 800, isEnd: true)) == nil) }
        // The same key again, and of another only the end.
        #expect(receiver.receive(header(2_000, marker: true), payload(5, 160)) == "5")
        #expect(receiver.receive(header(4_000), payload(10, 800, isEnd: true)) == "*")
        // A straggler of the one before.
        #expect(receiver.receive(header(2_000), payload(5, 800, isEnd: true)) == nil)
    }

    @Test("A long event's further segments are the same key (§2.5.1.3)") func segments() {
        var receiver = TelephoneEventReceiver()
        #expect(receiver.receive(header(0, marker: true), payload(1, 960)) == "1")
        #expect(receiver.receive(header(0), payload(1, .max)) == nil)
        #expect(receiver.receive(header(65_535), payload(1, 960)) == nil)
        #expect(receiver.receive(header(65_535), payload(1, 1_920, isEnd: true)) == nil)
        #expect(receiver.receive(header(90_000, marker: true), payload(1, 960)) == "1")
    }

    @Test("Timestamps wrap, and a source or clock that begins anew is heard") func anew() {
        var receiver = TelephoneEventReceiver()
        #expect(receiver.receive(header(.max - 10), payload(1, 160)) == "1")
        #expect(receiver.receive(header(5_000), payload(2, 160)) == "2")
        #expect(receiver.receive(header(4_000, ssrc: 2), payload(3, 160)) == "3")
        #expect(receiver.receive(header(4_000 &- 100_000_000, ssrc: 2), payload(4, 160)) == "4")
    }

    @Test("Events that are no keys are no keys, nor is what is too short") func others() {
        var receiver = TelephoneEventReceiver()
        #expect(receiver.receive(header(0), payload(16, 160)) == nil)
        #expect(receiver.receive(header(5_000), [1, 2, 3]) == nil)
        #expect(receiver.receive(header(5_000), payload(1, 160)) == "1")
    }
}

extension TelephoneEventReceiver {
    fileprivate mutating func receive(_ header: RTPHeader, _ payload: [UInt8]) -> Character? {
        receive(header, payload.span)
    }
}
