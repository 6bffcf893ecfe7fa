import Engine
import Testing

/// A telephone that knows neither ICE nor DTLS, with rtpengine between it and us; bootstrap installs rtpengine and SIPp.
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
        #expect(await call.path.pressKey("5", for: .milliseconds(100)))
        #expect(try await eventually { call.events.contains(.keyPressed("5")) })
        #expect(call.events.count { $0 == .keyPressed("5") } == 1)
        await call.path.close()
        _ = try await peer.ask(.close)
    }
}
