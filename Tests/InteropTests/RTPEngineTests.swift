import Audio
import Engine
import Peer
import SDP
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
        #expect(await call.path.pressKey("5", for: .milliseconds(100)) != nil)
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

    @Test("Without rtpengine, plain or with keys in the descriptions, baresip takes our call", arguments: encryptions)
    func takesDirectly(mediaenc: [String], encryption: MediaEncryption) async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["direct", "baresip", "PCMA/8000/1", "1000"] + mediaenc)
        let call = Call(tone: 440, codecs: [.pcma], encryptions: [encryption])
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        #expect(!answer.contains("a=ice-ufrag"))
        try await expectSoundBothWays(call, peer, .pcma, encryption)
    }

    @Test("Without rtpengine, plain or with keys in the descriptions, baresip calls us", arguments: encryptions)
    func callsDirectly(mediaenc: [String], encryption: MediaEncryption) async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["direct", "baresip", "opus/48000/2", "1000"] + mediaenc)
        let call = Call(tone: 440, codecs: MediaCodec.allCases, encryptions: Set(MediaEncryption.allCases))
        let offer = try #require(try await peer.ask(.offer).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, peer, .opus, encryption)
    }

    @Test("Where only DTLS-SRTP is taken, baresip is refused as it is", arguments: encryptions)
    func refusesDirectly(mediaenc: [String], encryption: MediaEncryption) async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["direct", "baresip", "opus/48000/2", "1000"] + mediaenc)
        let call = Call(tone: 440, codecs: MediaCodec.allCases)
        let offer = try #require(try await peer.ask(.offer).sdp)
        let refusal: AudioDescription.Refusal = encryption == .plain ? .transportNotSecure : .keysInDescription
        await #expect(throws: MediaFailure.refused(.unusable(refusal))) { try await call.path.answer(offer: offer) }
        await call.path.close()
    }

    private static let encryptions = [([], MediaEncryption.plain), (["srtp-mand"], .sdes)]

    @Test("Without rtpengine, our tone comes back from SIPp") func echoesDirectly() async throws {
        let peer = try AIORTCPeer("rtpengine_peer.py", ["direct"])
        let call = Call(tone: 440, codecs: [.pcma], encryptions: [.plain])
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        #expect(try await eventually { await call.path.statistics().hears(440, at: -20) })
        #expect(await call.path.statistics().encryption == .plain)
        await call.path.close()
        _ = try await peer.ask(.close)
    }

    private static let codecs = [("opus/48000/2", MediaCodec.opus), ("G722/16000/1", .g722), ("PCMA/8000/1", .pcma)]

    private func expectSoundBothWays(
        _ call: Call, _ peer: AIORTCPeer, _ codec: MediaCodec, _ encryption: MediaEncryption = .dtls
    ) async throws {
        #expect(
            try await eventually {
                let heard = await call.path.statistics().received
                return abs((heard.frequency ?? 0) - 1000) < 5 && heard.level > -40
            })
        #expect(try await eventually { try await peer.ask(.statistics).frequency == 440 })
        #expect(await call.path.statistics().codec == codec)
        #expect(await call.path.statistics().encryption == encryption)
        await call.path.close()
        _ = try await peer.ask(.close)
    }
}
