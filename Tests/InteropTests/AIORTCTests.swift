import Audio
import Engine
import Foundation
import Network
import Testing
import Wire

/// The media stack against an independent one; bootstrap installs aiortc.
@Suite(.timeLimit(.minutes(1))) struct AIORTCTests {
    static let codecs = [("opus", MediaCodec.opus), ("PCMU", .pcmu), ("PCMA", .pcma), ("G722", .g722)]

    @Test("aiortc offers, we answer: each hears the other's tone", arguments: codecs)
    func answers(name: String, codec: MediaCodec) async throws {
        let peer = try AIORTCPeer(codec: name, tone: 1000)
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let offer = try #require(try await peer.ask(.offer).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, peer, codec: codec)
        try await hangUp(call, peer)
    }

    @Test("We offer, aiortc answers: each hears the other's tone", arguments: [codecs[0], codecs[1], codecs[3]])
    func offers(name: String, codec: MediaCodec) async throws {
        let peer = try AIORTCPeer(codec: name, tone: 1000)
        let call = Call(tone: 440, codecs: [codec])
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        try await expectSoundBothWays(call, peer, codec: codec)
        try await hangUp(call, peer)
    }

    @Test("aiortc is ICE-lite, as offerer and as answerer (RFC 8445 §2.5)", arguments: [true, false])
    func lite(offers: Bool) async throws {
        let peer = try AIORTCPeer(codec: "opus", tone: 1000, isLite: true)
        let call = Call(tone: 440)
        if offers {
            let offer = try #require(try await peer.ask(.offer).sdp)
            #expect(offer.contains("a=ice-lite"))
            _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        } else {
            let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
            try await call.path.accept(answer: answer)
        }
        try await expectSoundBothWays(call, peer, codec: .opus)
        try await hangUp(call, peer)
    }

    @Test("A call moves from one aiortc to another, with another codec, and no second of its recording is silent")
    func moves() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "moved-\(UUID()).wav")
        defer { try? FileManager.default.removeItem(at: file) }
        let (first, second) = (try AIORTCPeer(codec: "opus", tone: 1000), try AIORTCPeer(codec: "PCMU", tone: 620))
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let offer = try #require(try await first.ask(.offer).sdp)
        _ = try await first.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, first, codec: .opus)
        var recording: Recording? = try Recording(
            path: file.path, settings: Recording.Settings(), begin: MonotonicClock.now, serial: 1, onFailure: { _ in })
        await call.path.record(to: recording)
        let before = await call.path.statistics()
        let other = try #require(try await second.ask(.offer).sdp)
        _ = try await second.ask(.accept, sdp: try await call.path.answer(offer: other))
        #expect(
            try await eventually {
                await call.path.statistics().hears(620, at: -20) ? try await second.hears(440, at: -20) : false
            })
        let length = try #require(recording?.duration)
        #expect(try await eventually { recording.map { $0.duration > length + .seconds(1) } ?? false })
        await call.path.record(to: nil)
        recording = nil
        let (said, heard) = try Self.longestSilences(of: file)
        #expect(said < .milliseconds(100))
        #expect(heard < .seconds(1))
        let after = await call.path.statistics()
        #expect(after.codec == .pcmu)
        #expect(after.packetsSent > before.packetsSent && after.packetsReceived > before.packetsReceived)
        #expect(after.packetsLost == 0)
        #expect(call.events == [.connected, .heard])
        await call.path.close()
        #expect(call.events == [.connected, .heard, .closed])
        for peer in [first, second] { _ = try await peer.ask(.close) }
    }

    /// In what the agent says and in what the agent hears, to a hundredth of a second, the beginning and the end left out.
    private static func longestSilences(of recording: URL) throws -> (said: Duration, heard: Duration) {
        let samples = try Data(contentsOf: recording).dropFirst(44).withUnsafeBytes {
            Array($0.bindMemory(to: Int16.self))
        }
        // Both sides at 16 kHz, more than a second of them.
        try #require(samples.count > 2 * 16_000)
        let longest = (0...1).map { channel in
            var (run, longest) = (0, 0)
            for block in 20..<samples.count / 320 - 20 {
                let part = (0..<160).map { samples[block * 320 + 2 * $0 + channel] }
                run = part.allSatisfy { abs(Int($0)) < 300 } ? run + 1 : 0
                longest = max(longest, run)
            }
            return Duration.milliseconds(10 * longest)
        }
        return (longest[0], longest[1])
    }

    @Test("A muted call is silent over there until it is unmuted")
    func mutes() async throws {
        let peer = try AIORTCPeer(codec: "opus", tone: 1000)
        let call = Call(tone: 440, codecs: [.opus])
        let offer = try #require(try await peer.ask(.offer).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, peer, codec: .opus)
        await call.path.setMuted(true)
        let packets = try await peer.ask(.statistics).received ?? 0
        #expect(try await eventually { try await peer.ask(.statistics).level ?? -96 < -60 })
        #expect(try await eventually { try await peer.ask(.statistics).received ?? 0 > packets + 50 })
        #expect(await call.path.statistics().sent.frequency == nil)
        await call.path.setMuted(false)
        #expect(try await eventually { try await peer.hears(440, at: -20) })
        try await hangUp(call, peer)
    }

    @Test("That aiortc has hung up is an event, not a failure")
    func peerEnds() async throws {
        let peer = try AIORTCPeer(codec: "opus", tone: 1000)
        let call = Call(tone: 440, codecs: [.opus])
        let offer = try #require(try await peer.ask(.offer).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        #expect(try await eventually { try await peer.hears(440, at: -20) })
        _ = try await peer.ask(.close)
        #expect(try await eventually { call.events == [.connected, .heard, .endedByPeer] })
        await call.path.close()
        #expect(call.events == [.connected, .heard, .endedByPeer, .closed])
    }

    private func expectSoundBothWays(_ call: Call, _ peer: AIORTCPeer, codec: MediaCodec) async throws {
        #expect(
            try await eventually {
                await call.path.statistics().hears(1000, at: -20) ? try await peer.hears(440, at: -20) : false
            })
        let ours = await call.path.statistics()
        let theirs = try await peer.ask(.statistics)
        #expect(ours.codec == codec)
        #expect(ours.isConnected)
        #expect(theirs.state == "connected")
        #expect(abs((ours.sent.frequency ?? 0) - 440) < 2)
        #expect(ours.packetsLost == 0)
        #expect(ours.srtpProfile == "aeadAES128GCM" || ours.srtpProfile == "aeadAES256GCM")
        let attenuation = try #require(ours.remoteAttenuation)
        #expect((19...21).contains(attenuation))
        let sent = try #require(theirs.sent)
        #expect(ours.packetsReceived > 0 && ours.packetsReceived <= sent)
        let received = try #require(theirs.received)
        #expect(received > 0 && ours.packetsSent > 0)
        #expect(await call.path.statistics().packetsSent >= received)
    }

    private func hangUp(_ call: Call, _ peer: AIORTCPeer) async throws {
        await call.path.close()
        #expect(call.events == [.connected, .heard, .closed])
        #expect(try await eventually { try await peer.ask(.statistics).state == "closed" })
        _ = try await peer.ask(.close)
    }
}
