import Wire

/// Sound goes out.
extension JitterBuffer {
    /// Less is not worth a change: 1 ms of lack, 1 ms that remains of a surplus, 3 ms to take out.
    private static let tolerance = (lack: 48, remainder: 48, surplus: 144)
    /// A surplus or lack of more, 40 ms, is dealt with quickly.
    private static let hurry = 1_920
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
            guard let entry = ring.firstAudio(from: first), mayBegin(with: entry, at: now) else { return .empty }
            state = .playing(Playhead(next: first, position: entry.timestamp))
        case .playing: break
        }
        guard case .playing(var playhead) = state else { return .empty }
        let step = advance(&playhead, at: now, ahead: ahead, play)
        if case .playing = state { state = .playing(playhead) }
        count(step)
        return step
    }

    /// Whether the next step has a packet to hand over.
    func mayPlay(at now: Instant) -> Bool {
        switch state {
        case .idle: false
        case .filling(let first): ring.firstAudio(from: first).map { mayBegin(with: $0, at: now) } ?? false
        case .playing: true
        }
    }

    /// Whether a packet waits to be handed over.
    var holdsAudio: Bool {
        switch state {
        case .idle: false
        case .filling(let next): ring.firstAudio(from: next) != nil
        case .playing(let playhead): ring.firstAudio(from: playhead.next) != nil
        }
    }

    private func mayBegin(with entry: PacketRing.Entry, at now: Instant) -> Bool {
        excess(of: entry.timestamp, over: estimate.beginning, at: now) >= 0
    }

    /// How many samples more than a transit the sound of a timestamp is past its sending.
    @inline(__always)
    private func excess(of timestamp: UInt32, over transit: Int64?, at now: Instant) -> Int {
        guard let transit else { return 0 }
        let excess = Double(self.transit(of: ticks(of: timestamp), at: now) - transit) / 1e9
        return Int(excess * Double(clock.rate * samplesPerTick))
    }

    /// How many samples are to be taken out, or put in if it is less than nothing, for sound to be played when it should be.
    ///
    /// A frame is asked for as a whole, when it begins, and what `ahead` lies before in it is played so much later than it is
    /// asked for: where packets are no whole frames, by up to a frame less the `grid` that their beginnings lie on. When that is
    /// too soon for the jitter, only a later place on it will do; and no more is taken out than leaves all of them late enough.
    @inline(__always)
    private func surplus(before entry: PacketRing.Entry, at position: UInt32, ahead: Int, at now: Instant) -> Int {
        let frame = Int(step * samplesPerTick)
        let grid = Self.greatestCommonDivisor(frame, Int(entry.samples * samplesPerTick))
        let offset = ahead % grid
        let surplus = excess(of: position, over: estimate.target, at: now) + ahead
        let late = excess(of: position, over: estimate.soonest, at: now) + ahead - offset - (frame - grid)
        guard late >= -Self.tolerance.lack else { return min(surplus, offset - (-late + grid - 1) / grid * grid) }
        return min(max(0, surplus), offset + max(0, late - Self.tolerance.remainder) / grid * grid)
    }

    @inline(__always)
    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        var (greater, less) = (first, second)
        while less != 0 { (greater, less) = (less, greater % less) }
        return greater
    }

    /// No less than nothing.
    private func ticks(ofSamples samples: Int) -> UInt32 {
        UInt32(clamping: samples) / samplesPerTick
    }

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
        let excess = excess(of: playhead.position, over: estimate.target, at: now)
        let entry = excess > Self.limit ? discard(excess, from: first, &playhead) : first
        let surplus = surplus(before: entry, at: playhead.position, ahead: ahead, at: now)
        let wait = Int64(ahead) * 1_000_000_000 / Int64(clock.rate * samplesPerTick)
        let due = Instant(nanoseconds: now.nanoseconds + wait)
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
        let change = advisable(surplus, during: entry.samples)
        return .frame(surplus: isPause ? 0 : change)
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
            end = playhead
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

    /// What of a surplus is to be dealt with in a packet: changes have a pause between them, longer for small ones.
    private mutating func advisable(_ surplus: Int, during samples: UInt32) -> Int {
        rest -= min(rest, samples)
        guard rest == 0, surplus < 0 || surplus >= Self.tolerance.surplus else { return 0 }
        return surplus
    }

    /// The player has changed the length of the sound of a step.
    mutating func stretched(removed: Int, inserted: Int, surplus: Int) {
        statistics.removedSamplesForAcceleration += UInt64(removed)
        statistics.insertedSamplesForDeceleration += UInt64(inserted)
        rest = step * (abs(surplus) > Self.hurry ? 2 : 5)
    }
}
