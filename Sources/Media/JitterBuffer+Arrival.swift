import Wire

/// Packets come in.
extension JitterBuffer {
    private static let maximumMisorder = 100
    /// For how many packets after a recovery it is worth to wait longer for what later ones may hold.
    private static let recoveryMemory = 250

    /// Takes an audio packet in, whose payload is copied.
    package mutating func insert(_ header: RTPHeader, payload: Span<UInt8>, at now: Instant) -> Verdict {
        guard payload.count <= PacketRing.maximumPayloadLength, let samples = format.samples(in: payload) else {
            return .malformed
        }
        let verdict = judge(header, samples: samples)
        switch verdict {
        case .stored, .restarted:
            countSilence(before: header, samples: samples)
            end = nil
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

    /// Takes in what a later packet repeats (RFC 2198), or comes for having been asked for; true if it was missing and comes in
    /// time.
    package mutating func insertRepeated(
        _ header: RTPHeader, payload: Span<UInt8>, isAwaited: Bool = true, at now: Instant
    ) -> Bool {
        guard payload.count <= PacketRing.maximumPayloadLength, let samples = format.samples(in: payload) else {
            return false
        }
        guard header.ssrc == ssrc, !isIdle, !ring.knows(header.sequenceNumber) else { return false }
        if isAwaited, case .playing = state { awaitRecovery(over: reference.ticks - ticks(of: header.timestamp)) }
        guard judge(header, samples: samples) == .stored else { return false }
        begin(with: header)
        ring.store(header, samples: samples, payload: payload, at: now)
        return true
    }

    /// How long until a packet that has not come is to be played, packets being of 20 ms; nil when that is over.
    package func timeLeft(for sequenceNumber: UInt16, at now: Instant) -> Duration? {
        guard let next = nextNumber, !isIdle, sequenceNumber &- next < PacketRing.capacity, let target = estimate.target
        else { return nil }
        var position = ring.firstAudio(from: next)?.timestamp ?? reference.timestamp
        if case .playing(let playhead) = state { position = playhead.position }
        let timestamp = position &+ UInt32(sequenceNumber &- next) &* step
        return .nanoseconds(target - transit(of: ticks(of: timestamp), at: now))
    }

    @inline(__always)
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
    @inline(__always)
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
        let follows = header.sequenceNumber == nextNumber || ring.knows(header.sequenceNumber &- 1)
        if !follows, format.carriesPrevious(payload) {
            awaitRecovery(over: Int64(samples))
        } else if recoveryMemory > 0 {
            recoveryMemory -= 1
            if recoveryMemory == 0 { estimate.margin = 0 }
        }
        estimate.note(transit: transit(of: ticks, at: now), at: now)
    }

    /// Makes the packet so much later be there when the lost one is due, and a little sooner.
    private mutating func awaitRecovery(over ticks: Int64) {
        recoveryMemory = Self.recoveryMemory
        let needed = clock.nanoseconds(ofTicks: min(max(ticks, 0), Int64(4 * step))) + 5_000_000
        estimate.margin = max(estimate.margin, needed)
    }
}
