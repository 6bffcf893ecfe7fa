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

    enum State {
        /// Nothing is held; numbers before `next`, if there was a stream, are late.
        case idle(next: UInt16?)
        /// Sound is gathered before the player starts; `next` is the lowest number.
        case filling(next: UInt16)
        case playing(Playhead)
    }

    /// Where the player is.
    struct Playhead {
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

    let clock: RTPClock
    let samplesPerTick: UInt32
    var ring = PacketRing()
    var state = State.idle(next: nil)
    /// Where the player was when a stream was over of which more may come.
    var end: Playhead?
    var estimate = DelayEstimate()
    var ssrc: UInt32?
    /// The number after the last implausible one.
    var suspect: UInt16?
    /// A timestamp that came lately, and how many ticks it is after the first one.
    var reference: (timestamp: UInt32, ticks: Int64) = (0, 0)
    /// How many more packets sound is held longer for, so that a lost one may be found in a later one.
    var recoveryMemory = 0
    /// For how much sound the delay is not to be changed again.
    var rest: UInt32 = 0
    var isConcealing = false

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
        end = nil
        state = .idle(next: nil)
    }
}

/// What the two sides share.
extension JitterBuffer {
    /// The lowest sequence number that has not been dealt with.
    var nextNumber: UInt16? {
        switch state {
        case .idle(let next): next
        case .filling(let next): next
        case .playing(let playhead): playhead.next
        }
    }

    var isIdle: Bool { if case .idle = state { true } else { false } }

    /// The samples of 20 ms.
    var step: UInt32 { clock.rate / 50 }

    @inline(__always)
    func ticks(of timestamp: UInt32) -> Int64 {
        reference.ticks + Int64(Int32(bitPattern: timestamp &- reference.timestamp))
    }

    @inline(__always)
    func transit(of ticks: Int64, at now: Instant) -> Int64 {
        now.nanoseconds &- clock.nanoseconds(ofTicks: ticks)
    }
}

/// Statistics.
extension JitterBuffer {
    package var targetDelay: Duration { estimate.targetDelay }

    private func samples(_ ticks: UInt32) -> UInt64 { UInt64(ticks * samplesPerTick) }

    mutating func count(_ step: Step) {
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
    mutating func recount(_ ticks: UInt32) {
        statistics.concealedSamples -= min(statistics.concealedSamples, samples(ticks))
        statistics.pausedSamples += samples(ticks)
    }

    /// A stream that was over goes on: what is missing before its next packet was lost, not left out, and heard as silence. Of
    /// what was made up before the end, more than is missing was a pause.
    mutating func countSilence(before header: RTPHeader, samples length: UInt32) {
        guard let end, header.ssrc == ssrc else { return }
        let missing = Int64(Int16(bitPattern: header.sequenceNumber &- end.next)) * Int64(length)
        let gap = Int64(Int32(bitPattern: header.timestamp &- end.position))
        let madeUp = Int64(end.starved)
        if !end.isPaused { recount(UInt32(clamping: min(madeUp, gap) - max(0, missing))) }
        let silent = min(missing, gap) - madeUp
        guard silent > 0 else { return }
        let count = UInt64(silent) * UInt64(samplesPerTick)
        statistics.concealedSamples += count
        statistics.silentConcealedSamples += count
        statistics.totalSamplesReceived += count
    }

    mutating func countEmission(of entry: PacketRing.Entry, due: Instant) {
        let count = samples(entry.samples)
        let delay = due.nanoseconds - entry.arrivedAt.nanoseconds
        statistics.currentDelay = .nanoseconds(delay)
        statistics.jitterBufferEmittedCount += count
        statistics.jitterBufferDelay += .nanoseconds(delay * Int64(count))
        statistics.jitterBufferTargetDelay += .nanoseconds(estimate.delay * Int64(count))
    }
}
