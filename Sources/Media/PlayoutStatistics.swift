import Wire

/// What became of the received sound between its packets and the ear, since the start.
///
/// Fields of the same name are the W3C's (webrtc-stats, `RTCInboundRtpStreamStats`); samples are those of the player at
/// 48 kHz, delays that are summed up are to be divided by ``jitterBufferEmittedCount``.
package struct PlayoutStatistics: Hashable, Sendable {
    /// Samples that were handed to the device, silence while nothing was held excepted.
    package var totalSamplesReceived: UInt64 = 0
    /// Samples made up in place of what was lost or late; what forward error correction gave back is not among them.
    package var concealedSamples: UInt64 = 0
    /// How often concealment began.
    package var concealmentEvents: UInt64 = 0
    /// Of the concealed samples those that were silent, because the gap had lasted too long to make anything up.
    package var silentConcealedSamples: UInt64 = 0
    /// Samples put in to make the delay grow.
    package var insertedSamplesForDeceleration: UInt64 = 0
    /// Samples taken out to make the delay shrink.
    package var removedSamplesForAcceleration: UInt64 = 0
    /// How long samples were held, summed up over those that came out.
    package var jitterBufferDelay: Duration = .zero
    /// How long they were meant to be held, summed up likewise.
    package var jitterBufferTargetDelay: Duration = .zero
    /// Samples of received packets that came out.
    package var jitterBufferEmittedCount: UInt64 = 0
    /// Packets that were not played: too late, or thrown away because too much was held.
    package var packetsDiscarded: UInt64 = 0

    /// Of the discarded packets those that came too late.
    package var latePackets: UInt64 = 0
    package var duplicatePackets: UInt64 = 0
    /// How often the stream started anew: another source, or a jump in number or time.
    package var restarts: UInt64 = 0
    /// Lost frames that were taken from the packet after them.
    package var recoveredFrames: UInt64 = 0
    /// Samples of silence or comfort noise while the sender paused.
    package var pausedSamples: UInt64 = 0
    /// How long what is played now was held.
    package var currentDelay: Duration = .zero
    /// How long the next packets are to be held.
    package var targetDelay: Duration = .zero

    package init() {}

    /// Adds what was counted elsewhere; the present delays remain one's own.
    mutating func count(in other: PlayoutStatistics) {
        totalSamplesReceived += other.totalSamplesReceived
        concealedSamples += other.concealedSamples
        concealmentEvents += other.concealmentEvents
        silentConcealedSamples += other.silentConcealedSamples
        insertedSamplesForDeceleration += other.insertedSamplesForDeceleration
        removedSamplesForAcceleration += other.removedSamplesForAcceleration
        jitterBufferDelay += other.jitterBufferDelay
        jitterBufferTargetDelay += other.jitterBufferTargetDelay
        jitterBufferEmittedCount += other.jitterBufferEmittedCount
        packetsDiscarded += other.packetsDiscarded
        latePackets += other.latePackets
        duplicatePackets += other.duplicatePackets
        restarts += other.restarts
        recoveredFrames += other.recoveredFrames
        pausedSamples += other.pausedSamples
    }
}
