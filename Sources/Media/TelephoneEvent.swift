import Wire

/// The payload of a telephone-event packet (RFC 4733 §2.3).
package struct TelephoneEvent: Hashable, Sendable {
    package static let length = 4

    package var code: UInt8
    package var isEnd: Bool
    /// Below 0 dBm0, in decibels; 63 at most.
    package var volume: UInt8
    /// In units of the timestamp, since the event's beginning.
    package var duration: UInt16

    package init(code: UInt8, isEnd: Bool, volume: UInt8, duration: UInt16) {
        self.code = code
        self.isEnd = isEnd
        self.volume = volume
        self.duration = duration
    }

    /// What follows the first four bytes is not looked at; nil for fewer.
    package init?(parsing payload: Span<UInt8>) {
        guard payload.count >= Self.length else { return nil }
        self.init(
            code: payload[0], isEnd: payload[1] & 0x80 != 0, volume: payload[1] & 0x3F,
            duration: UInt16(payload[2]) << 8 | UInt16(payload[3]))
    }

    package func write(into buffer: inout MutableSpan<UInt8>, from start: Int) {
        buffer[start] = code
        buffer[start + 1] = (isEnd ? 0x80 : 0) | volume & 0x3F
        buffer[start + 2] = UInt8(truncatingIfNeeded: duration >> 8)
        buffer[start + 3] = UInt8(truncatingIfNeeded: duration)
    }
}

/// The sixteen keys of a telephone by their event codes (RFC 4733 §3.2, table 3).
package enum TelephoneKey {
    private static let keys = Array("0123456789*#ABCD")

    package static func code(of key: Character) -> UInt8? { keys.firstIndex(of: key).map(UInt8.init) }

    /// Nil for events that are no keys, a hook flash for instance.
    package static func key(of code: UInt8) -> Character? { code < keys.count ? keys[Int(code)] : nil }
}

/// One key under way: a packet for each step of time, the last one thrice (RFC 4733 §2.5.1.3, §2.5.1.4), then a pause of none,
/// so that nobody takes it and the next one for a single key.
package struct TelephoneEventSender: Sendable {
    private static let volume: UInt8 = 10

    private let code: UInt8
    private let length: UInt32
    private var elapsed: UInt32 = 0
    private var endsLeft = 3
    private var pauseLeft: UInt32

    /// - Parameters:
    ///   - length: how long the key is held, in units of the timestamp; 16 bits of it.
    ///   - pause: how long nothing is said of keys afterwards, in the same units.
    package init(code: UInt8, length: UInt32, pause: UInt32 = 0) {
        self.code = code
        self.length = min(max(length, 1), UInt32(UInt16.max))
        pauseLeft = pause
    }

    package var isOver: Bool { endsLeft == 0 && pauseLeft == 0 }

    /// What to send when another step of that many ticks is over; nil in the pause, and when that is over too.
    package mutating func next(after step: UInt32) -> (event: TelephoneEvent, isFirst: Bool)? {
        guard endsLeft > 0 else {
            pauseLeft -= min(max(step, 1), pauseLeft)
            return nil
        }
        let isFirst = elapsed == 0
        elapsed = min(elapsed &+ max(step, 1), length)
        let isEnd = elapsed == length
        if isEnd { endsLeft -= 1 }
        let event = TelephoneEvent(code: code, isEnd: isEnd, volume: Self.volume, duration: UInt16(elapsed))
        return (event, isFirst)
    }

    /// After how many steps of that many ticks it is over.
    package func stepsLeft(of step: UInt32) -> Int {
        var rest = self
        var steps = 0
        while !rest.isOver {
            _ = rest.next(after: step)
            steps += 1
        }
        return steps
    }
}

/// Tells each key that is received once, from its first packet that comes through (RFC 4733 §2.5.2).
package struct TelephoneEventReceiver: Sendable {
    private var last: (code: UInt8, timestamp: UInt32, ssrc: UInt32, duration: UInt16)?

    package init() {}

    /// The key that is new with this packet.
    ///
    /// All packets of an event have the timestamp of its beginning; one too long for its sixteen bits of duration goes
    /// on in another segment, which begins where the last one ends (§2.5.1.3).
    package mutating func receive(_ header: RTPHeader, _ payload: Span<UInt8>) -> Character? {
        guard let event = TelephoneEvent(parsing: payload) else { return nil }
        guard let last, last.ssrc == header.ssrc else { return begin(event, header) }
        let step = Int32(bitPattern: header.timestamp &- last.timestamp)
        guard step != 0 else {
            self.last?.duration = max(last.duration, event.duration)
            return nil
        }
        // A straggler of an event before; but a source whose timestamps jump far back has begun anew.
        guard step > 0 || step < -Self.maximumStep else { return nil }
        if last.code == event.code, !header.marker, last.duration == .max, step <= Int32(UInt16.max) {
            self.last = (event.code, header.timestamp, header.ssrc, event.duration)
            return nil
        }
        return begin(event, header)
    }

    /// A minute at 48 kHz.
    private static let maximumStep: Int32 = 60 * 48_000

    private mutating func begin(_ event: TelephoneEvent, _ header: RTPHeader) -> Character? {
        last = (event.code, header.timestamp, header.ssrc, event.duration)
        return TelephoneKey.key(of: event.code)
    }
}
