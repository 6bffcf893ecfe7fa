import Wire

/// The statistics of a stream that is received (RFC 3550 §A.1, §A.3, §A.8).
///
/// Deviation from §A.1: a new source counts from its first packet, as SRTP has authenticated it.
package struct RTPReceiver: Sendable {
    package enum Arrival: Hashable, Sendable {
        case inOrder
        /// After a packet with a higher number.
        case late
        case duplicate
        /// The first packet of this stream, or of another that takes its place.
        case restarted
        /// Far off in number; if the next packet follows it, the stream starts anew from there.
        case implausible
    }

    package struct Statistics: Hashable, Sendable {
        package var packetsReceived: Int64 = 0
        package var packetsLost: Int64 = 0
        package var duplicates: Int64 = 0
        package var late: Int64 = 0
        package var jitter: Duration = .zero

        package init() {}
    }

    private var clock: RTPClock
    private var stream: ReceivedStream?
    /// Of the streams before.
    private var past = Statistics()

    package init(clockRate: UInt32) {
        clock = RTPClock(rate: clockRate)
    }

    /// The source that is heard now.
    package var ssrc: UInt32? { stream?.ssrc }

    /// Counts the timestamps of the next packets by this clock; the source may be the same (RFC 7160 §4.2).
    package mutating func use(clockRate: UInt32) {
        guard clockRate != clock.rate else { return }
        let former = clock
        clock = RTPClock(rate: clockRate)
        stream?.change(from: former, to: clock)
    }

    /// Hears of no source any more; what was counted remains.
    package mutating func forget() {
        past = statistics
        past.jitter = .zero
        stream = nil
    }

    /// Takes note of a packet of whatever payload.
    package mutating func receive(_ header: RTPHeader, at now: Instant) -> Arrival {
        let arrivedAt = clock.ticks(at: now)
        if stream?.ssrc == header.ssrc, let arrival = stream?.receive(header, arrivedAt: arrivedAt),
            arrival != .restarted
        {
            return arrival
        }
        past = statistics
        stream = ReceivedStream(startingWith: header, arrivedAt: arrivedAt, clock: clock)
        return .restarted
    }

    /// Takes note of the other end's report on the stream it sends.
    package mutating func receive(_ info: SenderInfo, from ssrc: UInt32, at now: Instant) {
        guard stream?.ssrc == ssrc else { return }
        stream?.lastSenderReport = (info.ntp.middle, now)
    }

    /// What to report of the stream, counting losses since the last call; nil before the first packet.
    package mutating func reportBlock(at now: Instant) -> ReportBlock? {
        stream?.report(at: now)
    }

    /// Counted over all streams there were; the jitter is the present one's.
    package var statistics: Statistics {
        guard let stream else { return past }
        var statistics = past
        statistics.packetsReceived += stream.received
        statistics.packetsLost += max(0, stream.expected - stream.received + stream.duplicates)
        statistics.duplicates += stream.duplicates
        statistics.late += stream.late
        statistics.jitter = clock.duration(ofTicks: Int64(stream.jitter))
        return statistics
    }
}

/// What is known of one source (the `source` structure of RFC 3550 §A.1).
private struct ReceivedStream: Sendable {
    private static let maximumDropout: UInt16 = 3_000
    private static let maximumMisorder: UInt16 = 100

    let ssrc: UInt32
    private(set) var received: Int64 = 1
    private(set) var duplicates: Int64 = 0
    private(set) var late: Int64 = 0
    var lastSenderReport: (middle: UInt32, arrivedAt: Instant)?

    private let base: Int64
    private var highest: Int64
    /// Bit n tells whether the packet n before the highest has come.
    private var recent: UInt128 = 1
    /// The number after the last implausible one.
    private var suspect: UInt16?
    /// Nil when the clock is another one.
    private var transit: UInt32?
    private var timestamp: UInt32
    /// Sixteen times the jitter, as in §A.8.
    private var scaledJitter: UInt32 = 0
    private var prior: (expected: Int64, received: Int64) = (0, 0)

    /// Three seconds.
    private var maximumDifference: UInt32

    init(startingWith header: RTPHeader, arrivedAt: UInt32, clock: RTPClock) {
        maximumDifference = 3 * clock.rate
        ssrc = header.ssrc
        base = Int64(header.sequenceNumber)
        highest = base
        transit = arrivedAt &- header.timestamp
        timestamp = header.timestamp
    }

    mutating func change(from former: RTPClock, to clock: RTPClock) {
        maximumDifference = 3 * clock.rate
        transit = nil
        scaledJitter = UInt32(clamping: UInt64(scaledJitter) * UInt64(clock.rate) / UInt64(former.rate))
    }

    var expected: Int64 { highest - base + 1 }
    var jitter: UInt32 { scaledJitter >> 4 }

    mutating func receive(_ header: RTPHeader, arrivedAt: UInt32) -> RTPReceiver.Arrival {
        let arrival = place(header.sequenceNumber)
        guard arrival == .inOrder || arrival == .late else { return arrival }
        updateJitter(header.timestamp, arrivedAt: arrivedAt)
        return arrival
    }

    /// `update_seq` of §A.1, with the duplicates told from the latecomers.
    private mutating func place(_ sequenceNumber: UInt16) -> RTPReceiver.Arrival {
        let step = sequenceNumber &- UInt16(truncatingIfNeeded: highest)
        if (1..<Self.maximumDropout).contains(step) {
            highest += Int64(step)
            recent = recent << step | 1
            received += 1
            suspect = nil
            return .inOrder
        }
        let age = 0 &- step
        guard age <= Self.maximumMisorder else {
            if sequenceNumber == suspect { return .restarted }
            suspect = sequenceNumber &+ 1
            return .implausible
        }
        received += 1
        guard recent & 1 << age == 0 else {
            duplicates += 1
            return .duplicate
        }
        recent |= 1 << age
        late += 1
        return .late
    }

    /// §A.8; packets that share a timestamp, a telephone-event's for instance, count once.
    private mutating func updateJitter(_ timestamp: UInt32, arrivedAt: UInt32) {
        guard timestamp != self.timestamp else { return }
        self.timestamp = timestamp
        let transit = arrivedAt &- timestamp
        let difference = self.transit.map { Int32(bitPattern: transit &- $0).magnitude }
        self.transit = transit
        // A source whose timestamps begin anew has another clock now; that is no jitter.
        guard let difference, difference < maximumDifference else { return }
        scaledJitter = scaledJitter &+ difference &- (scaledJitter &+ 8) >> 4
    }

    /// §A.3.
    mutating func report(at now: Instant) -> ReportBlock {
        let expectedNow = expected - prior.expected
        let lostNow = expectedNow - (received - prior.received)
        prior = (expected, received)
        let fraction = expectedNow > 0 && lostNow > 0 ? UInt8(clamping: (lostNow << 8) / expectedNow) : 0
        return ReportBlock(
            ssrc: ssrc, fractionLost: fraction,
            cumulativeLost: Int32(clamping: min(max(expected - received, -0x80_0000), 0x7F_FFFF)),
            highestSequenceNumber: UInt32(truncatingIfNeeded: highest), jitter: jitter,
            lastSenderReport: lastSenderReport?.middle ?? 0,
            delaySinceLastSenderReport: lastSenderReport.map { (now - $0.arrivedAt).middle } ?? 0)
    }
}
