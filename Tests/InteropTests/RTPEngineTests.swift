import Audio
import Engine
import Testing

/// A telephone that knows neither ICE nor DTLS, with rtpengine between it and us; bootstrap installs rtpengine, SIPp and baresip.
@Suite(.timeLimit(.minutes(1))) struct RTPEngineTests {
    @Test("Our tone comes back from a telephone that echoes it")
    func echo() async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", [])
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        #expect(try await eventually { await call.path.statistics().hears(440, at: -20) })
        #expect(await call.path.statistics().codec == .pcma)
        await call.path.close()
        _ = try await peer.ask(.close)
    }

    @Test("A key goes there and back as a telephone-event (RFC 4733)")
    func key() async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", [])
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        #expect(try await eventually { await call.path.statistics().hears(440, at: -20) })
        #expect(await call.path.pressKey("5", for: .milliseconds(100)) == true)
        #expect(try await eventually { call.events.contains(.keyPressed("5")) })
        #expect(call.events.count { $0 == .keyPressed("5") } == 1)
        await call.path.close()
        _ = try await peer.ask(.close)
    }

    @Test("baresip takes our call: each hears the other's tone", arguments: codecs)
    func takes(name: String, codec: MediaCodec) async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["baresip", name, "1000"])
        let call = Call(tone: 440, codecs: [codec])
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        try await expectSoundBothWays(call, peer, codec)
    }

    @Test("baresip calls us: each hears the other's tone", arguments: codecs)
    func calls(name: String, codec: MediaCodec) async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["baresip", name, "1000"])
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let offer = try #require(try await peer.ask(.offer).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, peer, codec)
    }

    private static let codecs = [("opus/48000/2", MediaCodec.opus), ("G722/16000/1", .g722), ("PCMA/8000/1", .pcma)]

    private func expectSoundBothWays(_ call: Call, _ peer: AIORTCPeer, _ codec: MediaCodec) async throws {
        #expect(
            try await eventually {
                let heard = await call.path.statistics().received
                return abs((heard.frequency ?? 0) - 1000) < 5 && heard.level > -40
            })
        #expect(try await eventually { try await peer.ask(.statistics).frequency == 440 })
        #expect(await call.path.statistics().codec == codec)
        await call.path.close()
        _ = try await peer.ask(.close)
    }
}
