import Wire

/// Holds received audio until it is time to play it, and puts it in order.
///
/// The player has steps of 20 ms. In each it calls ``next(_:)`` until it has sound for 20 ms: a packet may last longer,
/// then the steps it covers need no call, or shorter, then a step needs several.
package struct JitterBuffer: Sendable {
    package enum Playout: Hashable, Sendable {
        /// The payload was handed over.
        case frame
        /// A packet is lost or too late: conceal as many samples.
        case missing(samples: UInt32)
        /// The sender made a pause: silence for as many samples.
        case pause(samples: UInt32)
        /// Nothing is to be played in this step.
        case empty
    }

    package enum Verdict: Hashable, Sendable {
        case stored
        case duplicate
        /// Its time to be played is over.
        case late
        /// The stream started anew with this packet: another source, or a jump in number or time.
        case restarted
        /// Far off in number; if the next packet follows it, the stream starts anew from there.
        case implausible
        /// No payload of the format.
        case malformed
    }

    package struct Statistics: Hashable, Sendable {
        package var late = 0
        package var duplicates = 0
        package var restarts = 0
        /// Packets thrown away because too much sound was held.
        package var drained = 0
        /// Gaps of up to 20 ms that were concealed.
        package var concealed = 0

        package init() {}
    }

    private enum State {
        /// Nothing is held; numbers before `next`, if there was a stream, are late.
        case idle(next: UInt16?)
        /// Sound is gathered before the player starts; `next` is the lowest number.
        case filling(next: UInt16, waited: UInt32)
        case playing(Playhead)
    }

    /// Where the player is.
    private struct Playhead {
        /// The lowest sequence number that has not been dealt with.
        var next: UInt16
        /// The timestamp of what is played next.
        var position: UInt32
        /// How much has been concealed since there was nothing left to play.
        var starved: UInt32 = 0
    }

    /// How much sound is gathered before the player starts, and left when too much is held: the seam for adaptation.
    package var targetDelay: Duration
    package private(set) var statistics = Statistics()

    private let format: PayloadFormat
    private let clock: RTPClock
    private var ring = PacketRing()
    private var state = State.idle(next: nil)
    private var ssrc: UInt32?
    /// The number after the last implausible one.
    private var suspect: UInt16?
    /// Where the latest sound that is held ends.
    private var end: UInt32 = 0

    package init(format: PayloadFormat, targetDelay: Duration = .milliseconds(60)) {
        self.format = format
        self.targetDelay = targetDelay
        clock = RTPClock(rate: format.clockRate)
    }

    /// How much sound is held.
    package var depth: Duration { clock.duration(ofTicks: Int64(max(0, depthInSamples))) }

    /// Forgets the stream; the statistics remain.
    package mutating func reset() {
        ring.removeAll()
        ssrc = nil
        suspect = nil
        state = .idle(next: nil)
    }
}

extension JitterBuffer {
    /// Takes an audio packet in, whose payload is copied.
    package mutating func insert(_ header: RTPHeader, payload: Span<UInt8>) -> Verdict {
        guard payload.count <= PacketRing.maximumPayloadLength, let samples = format.samples(in: payload) else {
            return .malformed
        }
        let verdict = judge(header, samples: samples)
        switch verdict {
        case .stored, .restarted:
            if verdict == .restarted { restart() }
            ring.store(header, samples: samples, payload: payload)
            admit(header, end: header.timestamp &+ samples)
        case .late: statistics.late += 1
        case .duplicate: statistics.duplicates += 1
        case .implausible: suspect = header.sequenceNumber &+ 1
        case .malformed: break
        }
        return verdict
    }

    /// Takes note of a packet that is no audio, a telephone-event for instance, so that it does not count as lost.
    ///
    /// Its timestamp is that of the event's beginning (RFC 4733 §2.5.1.2) and says nothing of when it is due.
    package mutating func skip(_ header: RTPHeader) {
        guard header.ssrc == ssrc, let next = nextNumber, !isIdle, ring[header.sequenceNumber] == nil,
            header.sequenceNumber &- next < PacketRing.capacity
        else { return }
        ring.store(header, samples: 0, payload: [UInt8]().span)
    }

    /// Takes in what a later packet repeats (RFC 2198); true if it was missing and comes in time.
    package mutating func insertRepeated(_ header: RTPHeader, payload: Span<UInt8>) -> Bool {
        guard payload.count <= PacketRing.maximumPayloadLength, let samples = format.samples(in: payload),
            header.ssrc == ssrc, !isIdle, judge(header, samples: samples) == .stored
        else { return false }
        ring.store(header, samples: samples, payload: payload)
        admit(header, end: header.timestamp &+ samples)
        return true
    }

    /// How long until a packet that has not come is to be played, packets being of 20 ms; nil when that is over.
    package func timeLeft(for sequenceNumber: UInt16) -> Duration? {
        guard let next = nextNumber, !isIdle, sequenceNumber &- next < PacketRing.capacity else { return nil }
        return .milliseconds(20) * Int(sequenceNumber &- next)
    }

    private func judge(_ header: RTPHeader, samples: UInt32) -> Verdict {
        guard ssrc == nil || ssrc == header.ssrc else { return .restarted }
        guard let next = nextNumber else { return .stored }
        guard ring[header.sequenceNumber] == nil else { return .duplicate }
        let step = Int(Int16(bitPattern: header.sequenceNumber &- next))
        guard (-Self.maximumMisorder..<Int(PacketRing.capacity)).contains(step) else {
            return header.sequenceNumber == suspect || isIdle ? .restarted : .implausible
        }
        return judge(header, samples: samples, step: step)
    }

    /// Judges a packet by its time, when its number is plausible.
    private func judge(_ header: RTPHeader, samples: UInt32, step: Int) -> Verdict {
        switch state {
        case .idle:
            return step < 0 ? .late : .stored
        case .filling:
            guard isPlausible(header.timestamp, near: end) else { return .restarted }
            return step >= 0 || canBegin(with: header.sequenceNumber) ? .stored : .late
        case .playing(let playhead):
            guard isPlausible(header.timestamp, near: playhead.position) else { return .restarted }
            let isOver = Int32(bitPattern: header.timestamp &+ samples &- playhead.position) <= 0
            return step < 0 || isOver ? .late : .stored
        }
    }

    private static let maximumMisorder = 100

    /// The lowest sequence number that has not been dealt with.
    private var nextNumber: UInt16? {
        switch state {
        case .idle(let next): next
        case .filling(let next, _): next
        case .playing(let playhead): playhead.next
        }
    }

    private var isIdle: Bool { if case .idle = state { true } else { false } }

    /// Whether a timestamp is less than three seconds off.
    private func isPlausible(_ timestamp: UInt32, near other: UInt32) -> Bool {
        Int32(bitPattern: timestamp &- other).magnitude < 3 * clock.rate
    }

    /// Whether all that is held still fits when an earlier packet goes before it.
    private func canBegin(with sequenceNumber: UInt16) -> Bool {
        (0..<PacketRing.capacity).allSatisfy { offset in
            ring[sequenceNumber &+ PacketRing.capacity &+ offset] == nil
        }
    }

    private mutating func restart() {
        statistics.restarts += 1
        ring.removeAll()
        state = .idle(next: nil)
    }

    /// Counts a packet in that has just been stored.
    private mutating func admit(_ header: RTPHeader, end packetEnd: UInt32) {
        ssrc = header.ssrc
        suspect = nil
        switch state {
        case .idle:
            state = .filling(next: header.sequenceNumber, waited: 0)
            end = packetEnd
        case .filling(let first, let waited):
            if Int16(bitPattern: header.sequenceNumber &- first) < 0 {
                state = .filling(next: header.sequenceNumber, waited: waited)
            }
        case .playing(var playhead):
            playhead.starved = 0
            state = .playing(playhead)
        }
        if Int32(bitPattern: packetEnd &- end) > 0 { end = packetEnd }
        drain()
    }
}

extension JitterBuffer {
    /// Hands over what comes next.
    package mutating func next(_ play: (Span<UInt8>) -> Void) -> Playout {
        switch state {
        case .idle:
            return .empty
        case .filling(let first, let waited):
            guard let playhead = start(from: first, waited: waited) else {
                state = .filling(next: first, waited: waited &+ step)
                return .empty
            }
            return advance(playhead, play)
        case .playing(let playhead):
            return advance(playhead, play)
        }
    }

    /// The samples of 20 ms.
    private var step: UInt32 { clock.rate / 50 }

    /// Starts once enough sound is held, or the first of it has waited long enough.
    private func start(from first: UInt16, waited: UInt32) -> Playhead? {
        let target = clock.ticks(in: targetDelay)
        guard let entry = ring.firstAudio(from: first), depthInSamples >= Int(target) || waited >= target else {
            return nil
        }
        return Playhead(next: first, position: entry.timestamp)
    }

    private mutating func advance(_ start: Playhead, _ play: (Span<UInt8>) -> Void) -> Playout {
        var playhead = start
        defer { if case .playing = state { state = .playing(playhead) } }
        state = .playing(playhead)
        while let entry = ring[playhead.next], !entry.isAudio {
            ring.remove(entry)
            playhead.next &+= 1
        }
        guard let entry = ring.firstAudio(from: playhead.next) else { return starve(&playhead) }
        let gap = Int32(bitPattern: entry.timestamp &- playhead.position)
        guard gap <= 0 else {
            let samples = min(step, UInt32(gap))
            playhead.position &+= samples
            guard entry.sequenceNumber != playhead.next else { return .pause(samples: samples) }
            statistics.concealed += 1
            return .missing(samples: samples)
        }
        playhead.next = entry.sequenceNumber &+ 1
        playhead.position = entry.end
        ring.withPayload(of: entry, play)
        ring.remove(entry)
        return .frame
    }

    /// Conceals for as long as the target delay, then waits for the stream to come back.
    private mutating func starve(_ playhead: inout Playhead) -> Playout {
        guard playhead.starved < clock.ticks(in: targetDelay) else {
            ring.removeAll()
            state = .idle(next: playhead.next)
            return .empty
        }
        playhead.starved &+= step
        playhead.position &+= step
        statistics.concealed += 1
        return .missing(samples: step)
    }
}

extension JitterBuffer {
    /// How much sound may be held beyond the target.
    private static let tolerance = Duration.milliseconds(180)

    private var depthInSamples: Int {
        switch state {
        case .idle: 0
        case .filling(let first, _):
            ring.firstAudio(from: first).map { Int(Int32(bitPattern: end &- $0.timestamp)) } ?? 0
        case .playing(let playhead): Int(Int32(bitPattern: end &- playhead.position))
        }
    }

    /// Throws the oldest sound away when too much is held, until the target is left.
    private mutating func drain() {
        guard depthInSamples > Int(clock.ticks(in: targetDelay + Self.tolerance)) else { return }
        guard var next = nextNumber else { return }
        let position = end &- clock.ticks(in: targetDelay)
        while let entry = ring.firstAudio(from: next), Int32(bitPattern: entry.end &- position) <= 0 {
            ring.remove(entry)
            statistics.drained += 1
            next = entry.sequenceNumber &+ 1
        }
        switch state {
        case .idle: break
        case .filling(_, let waited): state = .filling(next: next, waited: waited)
        case .playing(var playhead):
            playhead.next = next
            playhead.position = position
            state = .playing(playhead)
        }
    }
}
