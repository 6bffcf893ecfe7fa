import Audio
import Engine
import Foundation
import Network
import Testing
import Wire

/// Calls with a headless Chromium whose host candidates have mDNS names; `deploy/bootstrap browser` installs it.
@Suite(
    .enabled(if: ProcessInfo.processInfo.environment["PHONEBARD_TEST_BROWSER"] != nil), .serialized,
    .timeLimit(.minutes(2)))
struct ChromiumCallTests {
    private func addresses() throws -> [IPAddress] { try IPAddress.reachable(includingLoopback: false) }

    private func expectSoundBothWays(
        _ call: Call, _ peer: AIORTCPeer, frequency: Double = 1000, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(
            try await eventually {
                let isHeard = await call.path.statistics().hears(frequency)
                return isHeard ? abs((try await peer.ask(.statistics).frequency ?? 0) - 440) < 5 : false
            }, sourceLocation: sourceLocation)
    }

    @Test("Chromium offers candidates with mDNS names, we answer: each hears the other's tone") func answers()
        async throws
    {
        let peer = try AIORTCPeer("chromium_call.py", ["1000"])
        let call = Call(tone: 440, addresses: try addresses())
        let offer = try #require(try await peer.ask(.offer).sdp)
        #expect(offer.contains(".local "))
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
        try await expectSoundBothWays(call, peer)
        await call.path.close()
        _ = try await peer.ask(.close)
    }

    @Test("Chromium's video is declined in its place, and its key 5 is heard (RFC 8829 §5.3.1, RFC 4733)")
    func videoAndKey() async throws {
        let peer = try AIORTCPeer("chromium_call.py", ["1000"])
        let call = Call(tone: 440, addresses: try addresses())
        let answer = try await call.path.answer(offer: try #require(try await peer.ask(.offerVideo).sdp))
        #expect(answer.contains("m=video 0 "))
        _ = try await peer.ask(.accept, sdp: answer)
        try await expectSoundBothWays(call, peer)
        _ = try await peer.ask(.press)
        #expect(try await eventually { call.events.contains(.keyPressed("5")) })
        await call.path.close()
        _ = try await peer.ask(.close)
    }

    @Test("A call moves from one Chromium to another, by its offer and by an offer of ours, and changes its codec")
    func moves() async throws {
        let peers = try (1...3).map { try AIORTCPeer("chromium_call.py", ["\($0 * 500)"]) }
        let call = Call(tone: 440, codecs: MediaCodec.allCases, addresses: try addresses())
        for (peer, frequency) in zip(peers.dropLast(), [500.0, 1000]) {
            let offer = try #require(try await peer.ask(.offer).sdp)
            _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: offer))
            try await expectSoundBothWays(call, peer, frequency: frequency)
        }
        let answer = try #require(try await peers[2].ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        try await expectSoundBothWays(call, peers[2], frequency: 1500)

        let restart = try #require(try await peers[2].ask(.restart).sdp)
        let lines = restart.split(separator: "\r\n").map { line in
            line.hasPrefix("m=audio")
                ? line.split(separator: " ").prefix(3).joined(separator: " ") + " 8" : String(line)
        }
        let changed = lines.joined(separator: "\r\n") + "\r\n"
        _ = try await peers[2].ask(.accept, sdp: try await call.path.answer(offer: changed))
        #expect(await call.path.statistics().codec == .pcma)
        let before = await call.path.statistics().packetsReceived
        #expect(try await eventually { await call.path.statistics().packetsReceived > before + 100 })
        try await expectSoundBothWays(call, peers[2], frequency: 1500)
        #expect(call.events == [.connected, .heard])
        await call.path.close()
        for peer in peers { _ = try await peer.ask(.close) }
    }

    @Test("We offer, Chromium answers, restarts ICE, and we do; the sound goes on") func restarts() async throws {
        let peer = try AIORTCPeer("chromium_call.py", ["1000"])
        let addresses = try addresses()
        let call = Call(tone: 440, addresses: [try #require(addresses.first)])
        let answer = try #require(try await peer.ask(.answer, sdp: try await call.path.offer()).sdp)
        try await call.path.accept(answer: answer)
        try await expectSoundBothWays(call, peer)

        let restart = try #require(try await peer.ask(.restart).sdp)
        _ = try await peer.ask(.accept, sdp: try await call.path.answer(offer: restart))
        let before = await call.path.statistics().packetsReceived
        #expect(try await eventually { await call.path.statistics().packetsReceived > before + 100 })
        try await expectSoundBothWays(call, peer)

        guard addresses.count > 1, let other = addresses.last else { return }
        await call.path.networkChanged(to: [other])
        let offer = try #require(try await call.restart())
        try await call.path.accept(answer: try #require(try await peer.ask(.answer, sdp: offer).sdp))
        let again = await call.path.statistics().packetsReceived
        #expect(try await eventually { await call.path.statistics().packetsReceived > again + 100 })
        try await expectSoundBothWays(call, peer)
        #expect(try await peer.ask(.statistics).state == "connected")
        await call.path.close()
        _ = try await peer.ask(.close)
    }
}

extension MediaPath.Statistics {
    /// Within 3 Hz, at whatever level.
    fileprivate func hears(_ frequency: Double) -> Bool { abs((received.frequency ?? 0) - frequency) < 3 }
}
