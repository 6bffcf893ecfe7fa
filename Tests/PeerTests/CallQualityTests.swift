import Media
import Peer
import Testing
import Wire

@Suite("Call quality") struct CallQualityTests {
    @Test("Of what was not measured nothing is said") func nothing() {
        #expect(CallQuality(Statistics()) == CallQuality())
        var statistics = Statistics()
        statistics.packetsReceived = 10
        let quality = CallQuality(statistics)
        #expect(quality.received.loss == 0)
        #expect(quality.meanOpinionScore == nil)
        #expect(quality.received.bufferDelay == nil)
        #expect(quality.sent.loss == nil)
    }

    @Test("What was taken for lost and turns out to have been a pause does not count as all there is")
    func takenBack() {
        var before = Statistics()
        before.playout.concealedSamples = 9_600
        var now = before
        now.packetsReceived = 1
        now.playout.totalSamplesReceived = 48_000
        now.playout.concealedSamples = 4_800
        #expect(CallQuality(now, since: before).received.concealed == 0)
    }

    @Test("Shares are those of the time between two readings") func interval() throws {
        var before = Statistics()
        before.packetsReceived = 1_000
        before.packetsLost = 500
        before.playout.totalSamplesReceived = 960_000
        before.playout.concealedSamples = 480_000
        before.playout.jitterBufferEmittedCount = 480_000
        before.playout.jitterBufferDelay = .seconds(480_000)
        var now = before
        now.packetsReceived += 90
        now.packetsLost += 10
        now.playout.latePackets += 2
        now.playout.totalSamplesReceived += 96_000
        now.playout.concealedSamples += 4_800
        now.playout.jitterBufferEmittedCount += 91_200
        now.playout.jitterBufferDelay += .milliseconds(40) * 91_200
        now.jitter = .milliseconds(3)
        now.roundTripTime = .milliseconds(60)
        now.remoteFractionLost = 0.25
        now.remoteJitter = .milliseconds(5)
        let quality = CallQuality(now, since: before)
        #expect(quality.received.packets == 90)
        #expect(quality.received.loss == 0.1)
        #expect(quality.received.lateLoss == 0.02)
        #expect(quality.received.jitter == .milliseconds(3))
        #expect(quality.received.bufferDelay == .milliseconds(40))
        #expect(quality.received.concealed == 0.05)
        #expect(quality.sent.loss == 0.25)
        #expect(quality.sent.jitter == .milliseconds(5))
        #expect(quality.roundTripTime == .milliseconds(60))
        // 30 ms of way, 40 ms of waiting, 20 ms of packet: no delay to be heard; R is 77.42.
        #expect(abs(try #require(quality.meanOpinionScore) - 3.92) < 0.01)
    }
}
