import Wire

/// What turns payloads into samples at 48 kHz, and makes up what is missing; one implementation for each codec.
///
/// Each function fills the front of `samples`, which holds 120 ms, and says how far.
package protocol SpeechDecoder: ~Copyable {
    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int
    /// The frame before a payload, from the redundancy in it.
    mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int
    /// What would sound likely in place of a frame that is lost.
    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int
    /// What is to be heard while the sender says nothing.
    mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int
    /// What is decoded from now on is the beginning of another stream, of this format.
    mutating func begin(_ format: PayloadFormat)
}

/// The receive path of one stream, from packets in whatever order to a steady flow of samples: jitter buffer, decoding,
/// concealment, and stretching in time by which the delay follows its target and the two clocks each other.
package struct Playout: Sendable {
    package static let sampleRate: UInt32 = 48_000

    private var buffer: JitterBuffer
    /// What comes after a change, until it is to be heard: when all is played that came before.
    private var next: JitterBuffer?
    private var sound = SoundLine()

    package init(format: PayloadFormat) {
        buffer = JitterBuffer(format: format, sampleRate: Self.sampleRate)
    }

    package var statistics: PlayoutStatistics {
        var statistics = buffer.statistics
        if let next { statistics.count(in: next.statistics) }
        statistics.targetDelay = buffer.targetDelay
        return statistics
    }

    /// What comes from now on is of this format, or from someone else: it is heard when what came before is over.
    /// - Parameter isSamePath: whether what is known of the jitter still holds.
    package mutating func change(to format: PayloadFormat, isSamePath: Bool) {
        var successor = JitterBuffer(format: format, sampleRate: Self.sampleRate)
        if isSamePath { successor.estimate = (next ?? buffer).estimate }
        if let next { buffer.statistics.count(in: next.statistics) }
        next = successor
    }

    /// Takes an audio packet in, whose payload is copied. One of another source is the first after a change.
    package mutating func insert(_ header: RTPHeader, payload: Span<UInt8>, at now: Instant) -> JitterBuffer.Verdict {
        if next != nil {
            guard next?.ssrc != header.ssrc, buffer.ssrc == header.ssrc, next?.ssrc != nil else {
                return next?.insert(header, payload: payload, at: now) ?? .late
            }
            return insertFormer(header, payload: payload, at: now) ?? .late
        }
        guard let ssrc = buffer.ssrc, ssrc != header.ssrc else {
            return buffer.insert(header, payload: payload, at: now)
        }
        change(to: buffer.format, isSamePath: true)
        buffer.statistics.restarts += 1
        return next?.insert(header, payload: payload, at: now) == .malformed ? .malformed : .restarted
    }

    /// Takes a straggler in, of the format before the change; nil when that is not heard any more.
    package mutating func insertFormer(
        _ header: RTPHeader, payload: Span<UInt8>, at now: Instant
    ) -> JitterBuffer.Verdict? {
        next == nil ? nil : buffer.insert(header, payload: payload, at: now)
    }

    /// Takes in what was missing, as a later packet repeats it (RFC 2198) or it was asked for; true if it comes in time.
    /// - Parameter isAwaited: whether sound is to be held long enough for the next of its kind to come in time.
    @discardableResult
    package mutating func insertRepeated(
        _ header: RTPHeader, payload: Span<UInt8>, isAwaited: Bool = true, at now: Instant
    ) -> Bool {
        next?.insertRepeated(header, payload: payload, isAwaited: isAwaited, at: now)
            ?? buffer.insertRepeated(header, payload: payload, isAwaited: isAwaited, at: now)
    }

    /// How long until a packet that has not come is to be played; nil when that is over.
    package func timeLeft(for sequenceNumber: UInt16, at now: Instant) -> Duration? {
        guard let next else { return buffer.timeLeft(for: sequenceNumber, at: now) }
        return next.timeLeft(for: sequenceNumber, at: now)
    }

    /// Takes note of a packet that is no audio.
    package mutating func skip(_ header: RTPHeader, at now: Instant) {
        buffer.skip(header, at: now)
        next?.skip(header, at: now)
    }

    /// Forgets the stream; the statistics remain.
    package mutating func reset() {
        buffer.reset()
        next?.reset()
    }

    /// Plays the next frame, whose first sample is due now: to be called whenever the one before it is over.
    package mutating func play<Decoder: SpeechDecoder & ~Copyable>(
        into frame: inout MutableSpan<Int16>, with decoder: inout Decoder, at now: Instant
    ) {
        var filled = sound.play(into: &frame, from: 0)
        while filled < frame.count {
            takeOver(with: &decoder, at: now)
            // What is played of this frame already lies ahead of what comes next.
            guard Self.refill(&sound, from: &buffer, with: &decoder, at: now, ahead: filled) else { break }
            filled += sound.play(into: &frame, from: filled)
        }
        buffer.statistics.totalSamplesReceived += UInt64(filled)
        for index in filled..<frame.count { frame[index] = 0 }
    }

    /// Nothing that was received before the change is lost, and nothing after it has to wait.
    private mutating func takeOver<Decoder: SpeechDecoder & ~Copyable>(with decoder: inout Decoder, at now: Instant) {
        guard next?.mayPlay(at: now) == true, !buffer.holdsAudio, var successor = next else { return }
        next = nil
        successor.statistics.count(in: buffer.statistics)
        buffer = successor
        decoder.begin(buffer.format)
    }

    /// Carries one step out; false when there is nothing more to play.
    private static func refill<Decoder: SpeechDecoder & ~Copyable>(
        _ sound: inout SoundLine, from buffer: inout JitterBuffer, with decoder: inout Decoder, at now: Instant,
        ahead: Int
    ) -> Bool {
        let scale = Int(buffer.samplesPerTick)
        var added = 0
        let step = buffer.next(at: now, ahead: ahead) { payload, lost in
            added = sound.append { room in
                lost > 0
                    ? decoder.recover(Int(lost) * scale, from: payload, into: &room)
                    : decoder.decode(payload, into: &room)
            }
        }
        switch step {
        case .frame(let surplus):
            stretch(&sound, last: added, by: surplus, &buffer)
            return true
        case .recoverable:
            return true
        case .missing(let ticks):
            added = sound.append { room in decoder.conceal(Int(ticks) * scale, into: &room) }
            if sound.isSilent(last: added) { buffer.statistics.silentConcealedSamples += UInt64(added) }
        case .pause(let ticks):
            added = sound.append { room in decoder.pause(Int(ticks) * scale, into: &room) }
        case .empty:
            return false
        }
        return added > 0
    }

    /// With 100 ms too much or too little, changes may be heard: worse is what a delay or a gap does to the conversation.
    private static let pressing = 4_800

    private static func stretch(
        _ sound: inout SoundLine, last added: Int, by surplus: Int, _ buffer: inout JitterBuffer
    ) {
        guard surplus != 0 else { return }
        let isPressing = abs(surplus) > pressing
        let removed = surplus > 0 ? sound.shorten(last: added, by: surplus, leniently: isPressing) : 0
        let inserted = surplus < 0 ? sound.prolong(last: added, by: -surplus, leniently: isPressing) : 0
        if removed + inserted > 0 { buffer.stretched(removed: removed, inserted: inserted, surplus: surplus) }
    }
}
