import Crypto
import Engine
import ICE
import Testing
import Wire

/// Ways through a real STUN and TURN server; bootstrap installs coturn.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CoturnTests {
    /// Without an account where the password is empty.
    private func ice(
        _ uris: [String], _ server: CoturnServer, policy: ICEConfiguration.Policy = .all,
        password: String = CoturnServer.password
    ) -> ICEConfiguration {
        var ice = ICEConfiguration()
        let account = TURNClient.Account(user: CoturnServer.user, password: Redacted(password))
        ice.servers = uris.compactMap { ServerURI($0) }.map { .init($0, account: password.isEmpty ? nil : account) }
        ice.policy = policy
        ice.trust = .authorities(file: server.authorityFile)
        return ice
    }

    @Test("With host candidates forbidden the tone goes both ways through the relay", arguments: ["udp", "tcp", "tls"])
    func relay(transport: String) async throws {
        let server = try await CoturnServer()
        let peer = try AIORTCPeer(codec: "opus", tone: 1000)
        let call = Call(tone: 440, ice: ice([server.turn(transport)], server, policy: .relay))
        let offer = try await call.path.offer()
        #expect(offer.contains(" typ relay raddr 0.0.0.0 rport 9"))
        #expect(!offer.contains("typ host"))
        #expect(!offer.contains("typ srflx"))
        let answer = try #require(try await peer.ask(.answer, sdp: offer).sdp)
        try await call.path.accept(answer: answer)
        #expect(
            try await eventually {
                await call.path.statistics().hears(1000, at: -20) ? try await peer.hears(440, at: -20) : false
            })
        #expect(await call.path.statistics().localCandidate == "relay")
        await call.path.close()
        #expect(try await eventually { server.log.contains("refreshed") || server.log.contains("delete") })
        _ = try await peer.ask(.close)
    }

    @Test("A peer's offer is answered with the relay only, and two relays reach each other") func answers() async throws
    {
        let server = try await CoturnServer()
        let one = Call(tone: 440, ice: ice([server.turn("udp")], server, policy: .relay))
        let other = Call(tone: 1000, ice: ice([server.turn("tcp")], server, policy: .relay))
        try await one.connect(to: other)
        #expect(
            try await eventually {
                await one.path.statistics().hears(1000, at: -20)
                    ? await other.path.statistics().hears(440, at: -20) : false
            })
        for path in [one.path, other.path] {
            #expect(await path.statistics().localCandidate == "relay")
            #expect(await path.statistics().remoteCandidate == "relay")
            await path.close()
        }
    }

    @Test("Where there is a direct way the relay is not used, and a wrong password costs nothing but the relay")
    func direct() async throws {
        let server = try await CoturnServer()
        let refused = ice([server.turn("udp"), server.stun], server, password: "wrong")
        let one = Call(tone: 440, ice: refused)
        let other = Call(tone: 1000, ice: ice([server.turn("udp")], server))
        let start = ContinuousClock.now
        let offer = try await one.path.offer()
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(!offer.contains("typ relay"))
        let answer = try await other.path.answer(offer: offer)
        #expect(answer.contains(" typ relay raddr 127.0.0.1 rport "))
        try await one.path.accept(answer: answer)
        #expect(try await eventually { await one.path.statistics().hears(1000, at: -20) })
        #expect(await one.path.statistics().localCandidate == "host")
        await one.path.close()
        await other.path.close()
    }

    @Test("Without an account or with a certificate nobody vouches for there is no relay, and no call (RFC 8656 §5)")
    func refused() async throws {
        let server = try await CoturnServer()
        let stranger = ice([server.turn("udp")], server, policy: .relay, password: "")
        var mistrusting = ice([server.turn("tls")], server, policy: .relay)
        mistrusting.trust = .system
        for ice in [stranger, mistrusting] {
            let call = Call(tone: 440, ice: ice)
            await #expect(throws: MediaFailure.noTransport) { try await call.path.offer() }
            await call.path.close()
        }
    }

    @Test("Each server has an account of its own: the one whose password is right lends a relay") func accounts()
        async throws
    {
        let server = try await CoturnServer()
        var ice = ice([server.turn("udp")], server, policy: .relay, password: "wrong")
        ice.servers += self.ice([server.turn("tcp")], server).servers
        let one = Call(tone: 440, ice: ice)
        let other = Call(tone: 1000)
        try await one.connect(to: other)
        #expect(try await eventually { await one.path.statistics().hears(1000, at: -20) })
        #expect(await one.path.statistics().localCandidate == "relay")
        await one.path.close()
        await other.path.close()
    }

    @Test("Dead STUN and TURN servers hold a call up by less than a second") func deadServers() async throws {
        let server = try await CoturnServer()
        let dead = ["stun:127.0.0.1:\(server.deadPort)", "stun:192.0.2.1", "turn:127.0.0.1:\(server.deadPort)"]
        let one = Call(tone: 440, ice: ice(dead, server))
        let other = Call(tone: 1000)
        let start = ContinuousClock.now
        try await one.connect(to: other)
        #expect(try await eventually { await other.path.statistics().isConnected })
        let taken = ContinuousClock.now - start
        #expect(taken < .seconds(1), "\(taken)")
        #expect(try await eventually { await one.path.statistics().hears(1000, at: -20) })
        await one.path.close()
        await other.path.close()
    }
}
