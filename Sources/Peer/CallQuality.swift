import Media
import Wire

/// How a call sounds over a while, as far as it has been measured; what has not is nil.
package struct CallQuality: Sendable, Equatable {
    /// What this side hears.
    package struct Received: Sendable, Equatable {
        package var packets: UInt64 = 0
        /// Shares of the packets, from 0 to 1: those that never came, and those that came too late to be played.
        package var loss: Double?
        package var lateLoss: Double?
        package var jitter: Duration?
        /// How long sound waits to be played.
        package var bufferDelay: Duration?
        /// The share of what is heard that was made up for what is not there.
        package var concealed: Double?

        package init() {}
    }

    /// What the peer says it gets.
    package struct Sent: Sendable, Equatable {
        package var packets: UInt64 = 0
        package var loss: Double?
        package var jitter: Duration?

        package init() {}
    }

    package var received = Received()
    package var sent = Sent()
    package var roundTripTime: Duration?
    /// What the other person sounds like here, from 1 to 4.5 (ITU-T G.107).
    package var meanOpinionScore: Double?

    package init() {}

    /// Over the time between two readings, or since the beginning.
    package init(_ now: Statistics, since before: Statistics = Statistics()) {
        sent.packets = now.packetsSent &- before.packetsSent
        sent.loss = now.remoteFractionLost
        sent.jitter = now.remoteJitter
        roundTripTime = now.roundTripTime
        received = Received(now, since: before)
        guard let roundTripTime, let bufferDelay = received.bufferDelay, let concealed = received.concealed else {
            return
        }
        let delay = roundTripTime / 2 + bufferDelay + Self.packetTime
        meanOpinionScore = EModel.meanOpinionScore(EModel.rating(delay: delay, loss: concealed))
    }

    /// What the peer waits for before a packet is full.
    private static let packetTime = Duration.milliseconds(20)
}

extension CallQuality.Received {
    fileprivate init(_ now: Statistics, since before: Statistics) {
        packets = now.packetsReceived &- before.packetsReceived
        guard packets > 0 else { return }
        jitter = now.jitter
        // Latecomers may make the count of the lost go down.
        let lost = max(0, now.packetsLost - before.packetsLost)
        let late = now.playout.latePackets &- before.playout.latePackets
        let expected = Double(packets) + Double(lost)
        loss = Double(lost) / expected
        lateLoss = min(1, Double(late) / expected)
        let heard = now.playout.totalSamplesReceived &- before.playout.totalSamplesReceived
        if heard > 0 {
            // What turns out to have been a pause is taken back.
            let made = Double(now.playout.concealedSamples) - Double(before.playout.concealedSamples)
            concealed = min(1, max(0, made / Double(heard)))
        }
        let emitted = now.playout.jitterBufferEmittedCount &- before.playout.jitterBufferEmittedCount
        if emitted > 0 {
            bufferDelay = (now.playout.jitterBufferDelay - before.playout.jitterBufferDelay) / Int64(clamping: emitted)
        }
    }
}
