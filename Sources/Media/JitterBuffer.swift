import Wire

/// Holds received packets until it is time to play them, and puts them in order.
///
/// How long that is follows from how they arrive (``DelayEstimate``). Whoever plays asks for the ``next(at:ahead:_:)`` step
/// whenever its sound runs out, and is told by it how much more is held than need be, to play a little faster or slower. Time
/// itself is the measure: the transit sound would have if it were played now, whatever is held, lost or paused.
package struct JitterBuffer: Sendable {
    package enum Step: Hashable, Sendable {
        /// The payload was handed over. The surplus is how many samples of the player's too many are held, less than
        /// nothing for too few; zero while it is best left.
        case frame(surplus: Int)
        /// The packet that was handed over is the one after a lost one, which lasted for as many samples and is in it.
        case recoverable(samples: UInt32)
        /// A packet is lost or too late: conceal as many samples.
        case missing(samples: UInt32)
        /// The sender made a pause of as many samples.
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

    private enum State {
        /// Nothing is held; numbers before `next`, if there was a stream, are late.
        case idle(next: UInt16?)
        /// Sound is gathered before the player starts; `next` is the lowest number.
        case filling(next: UInt16)
        case playing(Playhead)
    }

    /// Where the player is.
    private struct Playhead {
        /// The lowest sequence number that has not been dealt with.
        var next: UInt16
        /// The timestamp of what is played next.
        var position: UInt32
        /// How much has been made up since there was nothing left to play; the position has not moved meanwhile.
        var starved: UInt32 = 0
        /// Whether the sender has said that it pauses.
        var isPaused = false
    }

    package let format: PayloadFormat
    /// Counted in samples of the player's.
    package internal(set) var statistics = PlayoutStatistics()

    private let clock: RTPClock
    let samplesPerTick: UInt32
    private var ring = PacketRing()
    private var state = State.idle(next: nil)
    private var estimate = DelayEstimate()
    private var ssrc: UInt32?
    /// The number after the last implausible one.
    private var suspect: UInt16?
    /// A timestamp that came lately, and how many ticks it is after the first one.
    private var reference: (timestamp: UInt32, ticks: Int64) = (0, 0)
    /// How many more packets are awaited that hold the one before them, once one did.
    private var expectsRecovery = 0
    /// Steps until the delay may be changed again.
    private var rest = 0
    private var isConcealing = false

    /// `sampleRate` is the player's, a multiple of the format's.
    package init(format: PayloadFormat, sampleRate: UInt32) {
        self.format = format
        clock = RTPClock(rate: format.clockRate)
        samplesPerTick = sampleRate / format.clockRate
    }

    /// Forgets the stream; the statistics remain, and what is known of its jitter.
    package mutating func reset() {
        ring.removeAll()
        ssrc = nil
        suspect = nil
        state = .idle(next: nil)
    }
}

/// Packets come in.
extension JitterBuffer {
    private static let maximumMisorder = 100
    /// For how many packets it is worth to wait a frame longer for what the next one may hold.
    private static let recoveryMemory = 500

    /// Takes an audio packet in, whose payload is copied.
    package mutating func insert(_ header: RTPHeader, payload: Span<UInt8>, at now: Instant) -> Verdict {
        guard payload.count <= PacketRing.maximumPayloadLength, let samples = format.samples(in: payload) else {
            return .malformed
        }
        let verdict = judge(header, samples: samples)
        switch verdict {
        case .stored, .restarted:
            if verdict == .restarted { restart() }
            begin(with: header)
            note(header, samples: samples, payload: payload, at: now)
            ring.store(header, samples: samples, payload: payload, at: now)
        case .late:
            note(header, samples: samples, payload: payload, at: now)
            statistics.latePackets += 1
            statistics.packetsDiscarded += 1
        case .duplicate: statistics.duplicatePackets += 1
        case .implausible: suspect = header.sequenceNumber &+ 1
        case .malformed: break
        }
        return verdict
    }

    /// Takes note of a packet that is no audio, a telephone-event for instance, so that it does not count as lost.
    ///
    /// Its timestamp is that of the event's beginning (RFC 4733 §2.5.1.2) and says nothing of when it is due.
    package mutating func skip(_ header: RTPHeader, at now: Instant) {
        guard header.ssrc == ssrc, let next = nextNumber, !isIdle, !ring.knows(header.sequenceNumber),
            header.sequenceNumber &- next < PacketRing.capacity
        else { return }
        ring.store(header, samples: 0, payload: [UInt8]().span, at: now)
    }

    private func judge(_ header: RTPHeader, samples: UInt32) -> Verdict {
        guard ssrc == nil || ssrc == header.ssrc else { return .restarted }
        guard let next = nextNumber else { return .stored }
        guard !ring.knows(header.sequenceNumber) else { return .duplicate }
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
            guard isPlausible(header.timestamp, near: reference.timestamp) else { return .restarted }
            return step >= 0 || canBegin(with: header.sequenceNumber) ? .stored : .late
        case .playing(let playhead):
            guard isPlausible(header.timestamp, near: playhead.position) else { return .restarted }
            let isOver = Int32(bitPattern: header.timestamp &+ samples &- playhead.position) <= 0
            return step < 0 || isOver ? .late : .stored
        }
    }

    /// The lowest sequence number that has not been dealt with.
    private var nextNumber: UInt16? {
        switch state {
        case .idle(let next): next
        case .filling(let next): next
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

    /// Counts a packet in that is about to be stored.
    private mutating func begin(with header: RTPHeader) {
        ssrc = header.ssrc
        suspect = nil
        switch state {
        case .idle:
            state = .filling(next: header.sequenceNumber)
            estimate.restart()
            reference = (header.timestamp, 0)
        case .filling(let first):
            if Int16(bitPattern: header.sequenceNumber &- first) < 0 { state = .filling(next: header.sequenceNumber) }
        case .playing: break
        }
    }

    /// Learns from when a packet came.
    private mutating func note(_ header: RTPHeader, samples: UInt32, payload: Span<UInt8>, at now: Instant) {
        guard !isIdle else { return }
        let ticks = ticks(of: header.timestamp)
        if ticks > reference.ticks { reference = (header.timestamp, ticks) }
        if format.carriesPrevious(payload) {
            expectsRecovery = Self.recoveryMemory
            // The next packet is there when this one is due, and a little sooner.
            estimate.margin = clock.duration(ofTicks: Int64(samples)) + .milliseconds(5)
        } else if expectsRecovery > 0 {
            expectsRecovery -= 1
            if expectsRecovery == 0 { estimate.margin = .zero }
        }
        estimate.note(transit: transit(of: ticks, at: now), at: now)
    }

    private func ticks(of timestamp: UInt32) -> Int64 {
        reference.ticks + Int64(Int32(bitPattern: timestamp &- reference.timestamp))
    }

    private func transit(of ticks: Int64, at now: Instant) -> Int64 {
        now.nanoseconds &- clock.duration(ofTicks: ticks).nanoseconds
    }
}

/// Sound goes out.
extension JitterBuffer {
    /// Less is not worth a change: 3 ms of lack, 5 ms that remain of a surplus, 10 ms to take out.
    private static let tolerance = (lack: 144, remainder: 240, surplus: 480)
    /// What is held beyond this, 300 ms, is not played faster but thrown away.
    private static let limit = 14_400
    /// Without packets for longer, the stream is over.
    private static let patience = Duration.milliseconds(600)

    /// Hands over what comes next at a moment when `ahead` samples of the player's frame are still to be played before it. So
    /// many `lost` samples before the payload are wanted from it, or it itself.
    package mutating func next(
        at now: Instant, ahead: Int, _ play: (_ payload: Span<UInt8>, _ lost: UInt32) -> Void
    ) -> Step {
        switch state {
        case .idle:
            return .empty
        case .filling(let first):
            guard let entry = ring.firstAudio(from: first), slack(of: entry.timestamp, at: now) >= 0 else {
                return .empty
            }
            state = .playing(Playhead(next: first, position: entry.timestamp))
        case .playing: break
        }
        guard case .playing(var playhead) = state else { return .empty }
        let step = advance(&playhead, at: now, ahead: ahead, play)
        if case .playing = state { state = .playing(playhead) }
        count(step)
        return step
    }

    /// How many samples more than the target the sound of a timestamp is past its sending.
    private func slack(of timestamp: UInt32, at now: Instant) -> Int {
        guard let target = estimate.target else { return 0 }
        let excess = Double(transit(of: ticks(of: timestamp), at: now) - target) / 1e9
        return Int(excess * Double(clock.rate * samplesPerTick))
    }

    /// How many samples are to be taken out, or put in if it is less than nothing, for the slack to be right.
    ///
    /// A frame is asked for as a whole, when it begins. What lies ahead of a packet in it is time the packet need not have, and
    /// may go; beyond that only a whole frame makes a packet be asked for later or sooner.
    private func surplus(slack: Int, ahead: Int) -> Int {
        let frame = Int(step * samplesPerTick)
        guard slack >= -Self.tolerance.lack else { return ahead - (-slack + frame - 1) / frame * frame }
        return ahead + max(0, slack - Self.tolerance.remainder) / frame * frame
    }

    /// No less than nothing.
    private func ticks(ofSamples samples: Int) -> UInt32 {
        UInt32(clamping: samples) / samplesPerTick
    }

    /// The samples of 20 ms.
    private var step: UInt32 { clock.rate / 50 }

    private mutating func advance(
        _ playhead: inout Playhead, at now: Instant, ahead: Int,
        _ play: (_ payload: Span<UInt8>, _ lost: UInt32) -> Void
    ) -> Step {
        while let entry = ring[playhead.next], !entry.isAudio {
            ring.remove(entry)
            playhead.next &+= 1
        }
        guard let first = ring.firstAudio(from: playhead.next) else { return starve(&playhead) }
        settle(&playhead, before: first)
        let slack = slack(of: playhead.position, at: now)
        let entry = slack > Self.limit ? discard(slack, from: first, &playhead) : first
        let surplus = surplus(slack: slack, ahead: ahead)
        let due = now + .nanoseconds(Int64(ahead) * 1_000_000_000 / Int64(clock.rate * samplesPerTick))
        let gap = Int32(bitPattern: entry.timestamp &- playhead.position)
        if gap > 0 {
            return entry.sequenceNumber == playhead.next
                ? pause(UInt32(gap), surplus: surplus, &playhead)
                    ?? hand(over: entry, surplus: surplus, due: due, &playhead, play)
                : bridge(UInt32(gap), before: entry, &playhead, play)
        }
        return hand(over: entry, surplus: surplus, due: due, &playhead, play)
    }

    /// What was made up while nothing was there stands for what is missing before the next packet. If less is missing, the
    /// rest of it has made the delay grow.
    private mutating func settle(_ playhead: inout Playhead, before entry: PacketRing.Entry) {
        guard playhead.starved > 0 else { return }
        let gap = max(0, Int32(bitPattern: entry.timestamp &- playhead.position))
        let bridged = min(UInt32(gap), playhead.starved)
        if entry.sequenceNumber == playhead.next, !playhead.isPaused { recount(bridged) }
        playhead.position &+= bridged
        playhead.starved = 0
    }

    private mutating func hand(
        over entry: PacketRing.Entry, surplus: Int, due: Instant, _ playhead: inout Playhead,
        _ play: (_ payload: Span<UInt8>, _ lost: UInt32) -> Void
    ) -> Step {
        playhead.next = entry.sequenceNumber &+ 1
        playhead.position = entry.end
        var isPause = false
        ring.withPayload(of: entry) { payload in
            isPause = format.isPause(payload)
            play(payload, 0)
        }
        ring.remove(entry)
        playhead.isPaused = isPause
        countEmission(of: entry, due: due)
        return .frame(surplus: isPause ? 0 : advisable(surplus))
    }

    /// Conceals, or takes the last lost frame from the packet after it.
    private mutating func bridge(
        _ gap: UInt32, before entry: PacketRing.Entry, _ playhead: inout Playhead,
        _ play: (_ payload: Span<UInt8>, _ lost: UInt32) -> Void
    ) -> Step {
        var isRecoverable = false
        ring.withPayload(of: entry) { payload in
            isRecoverable = gap >= entry.samples && format.carriesPrevious(payload)
            if isRecoverable, gap == entry.samples { play(payload, gap) }
        }
        if isRecoverable, gap == entry.samples {
            playhead.position = entry.timestamp
            return .recoverable(samples: gap)
        }
        let samples = min(step, isRecoverable ? gap - entry.samples : gap)
        playhead.position &+= samples
        return .missing(samples: samples)
    }

    /// A pause is shortened or prolonged to what suits the delay; nil when nothing is left of it.
    private mutating func pause(_ gap: UInt32, surplus: Int, _ playhead: inout Playhead) -> Step? {
        let lack = ticks(ofSamples: -surplus)
        guard lack == 0 else { return .pause(samples: min(step, lack)) }
        let skipped = min(gap, ticks(ofSamples: surplus))
        let samples = min(step, gap - skipped)
        playhead.position &+= skipped + samples
        return samples > 0 ? .pause(samples: samples) : nil
    }

    /// Makes something up while nothing is there; after a while the stream is over.
    private mutating func starve(_ playhead: inout Playhead) -> Step {
        guard playhead.starved < clock.ticks(in: Self.patience) else {
            state = .idle(next: playhead.next)
            return .empty
        }
        playhead.starved &+= step
        return playhead.isPaused ? .pause(samples: step) : .missing(samples: step)
    }

    /// Throws the oldest packets away until the surplus is gone, but for the last.
    private mutating func discard(
        _ surplus: Int, from first: PacketRing.Entry, _ playhead: inout Playhead
    ) -> PacketRing.Entry {
        let position = playhead.position &+ ticks(ofSamples: surplus)
        var entry = first
        while Int32(bitPattern: entry.end &- position) <= 0,
            let after = ring.firstAudio(from: entry.sequenceNumber &+ 1)
        {
            ring.remove(entry)
            statistics.packetsDiscarded += 1
            entry = after
        }
        playhead.next = entry.sequenceNumber
        playhead.position = entry.timestamp
        return entry
    }

    /// What of a surplus is to be dealt with in this step: changes have a pause between them, longer for small ones.
    private mutating func advisable(_ surplus: Int) -> Int {
        rest = max(0, rest - 1)
        guard rest == 0, surplus < 0 || surplus >= Self.tolerance.surplus else { return 0 }
        return surplus
    }

    /// The player has changed the length of the sound of a step.
    mutating func stretched(removed: Int, inserted: Int, surplus: Int) {
        statistics.removedSamplesForAcceleration += UInt64(removed)
        statistics.insertedSamplesForDeceleration += UInt64(inserted)
        rest = abs(surplus) > 4 * Self.tolerance.surplus ? 2 : 5
    }
}

/// Statistics.
extension JitterBuffer {
    package var targetDelay: Duration { estimate.targetDelay }

    private func samples(_ ticks: UInt32) -> UInt64 { UInt64(ticks * samplesPerTick) }

    private mutating func count(_ step: Step) {
        let wasConcealing = isConcealing
        isConcealing = false
        switch step {
        case .missing(let ticks):
            isConcealing = true
            statistics.concealedSamples += samples(ticks)
            if !wasConcealing { statistics.concealmentEvents += 1 }
        case .recoverable: statistics.recoveredFrames += 1
        case .pause(let ticks): statistics.pausedSamples += samples(ticks)
        case .frame, .empty: break
        }
    }

    /// What was concealed was a pause, as the number of the next packet shows.
    private mutating func recount(_ ticks: UInt32) {
        statistics.concealedSamples -= min(statistics.concealedSamples, samples(ticks))
        statistics.pausedSamples += samples(ticks)
    }

    private mutating func countEmission(of entry: PacketRing.Entry, due: Instant) {
        let count = samples(entry.samples)
        let delay = due - entry.arrivedAt
        statistics.currentDelay = delay
        statistics.targetDelay = estimate.targetDelay
        statistics.jitterBufferEmittedCount += count
        statistics.jitterBufferDelay += delay * Int64(count)
        statistics.jitterBufferTargetDelay += statistics.targetDelay * Int64(count)
    }
}
