import Engine
import Testing
import Wire

/// The machine's address changes in mid-call: two of ours, on addresses of the loopback interface.
@Suite(.timeLimit(.minutes(1))) struct MovingTests {
    private static let first = IPAddress.v4(0x7F00_0102)
    private static let second = IPAddress.v4(0x7F00_0103)

    @Test("New sockets, an ICE restart, and sound goes on", arguments: [true, false]) func moves(isOfferer: Bool)
        async throws
    {
        let one = Call(tone: 440, addresses: [Self.first])
        let other = Call(tone: 1000)
        if isOfferer { try await one.connect(to: other) } else { try await other.connect(to: one) }
        try await expectSoundBothWays(one, other)
        await one.path.networkChanged(to: [Self.first, Self.second])
        await one.path.networkChanged(to: [Self.second])
        let offer = try #require(try await one.restart())
        #expect(offer.contains("127.0.1.3"))
        #expect(!offer.contains("127.0.1.2"))
        try await one.path.accept(answer: try await other.path.answer(offer: offer))
        let before = await one.path.statistics().packetsReceived
        #expect(try await eventually { await one.path.statistics().packetsReceived > before + 50 })
        try await expectSoundBothWays(one, other)
        // Once more, back again.
        await one.path.networkChanged(to: [Self.first])
        #expect(try await eventually { one.events.count { if case .restarts = $0 { true } else { false } } == 2 })
        let back = try #require(try await one.restart())
        #expect(back.contains("127.0.1.2"))
        try await one.path.accept(answer: try await other.path.answer(offer: back))
        try await expectSoundBothWays(one, other)
        await one.path.close()
        await other.path.close()
    }

    @Test("Calls go over IPv6 where that is what the two have in common") func version6() async throws {
        let one = Call(tone: 440, addresses: [.loopback4, .loopback6])
        let other = Call(tone: 1000, addresses: [.loopback6])
        try await one.connect(to: other)
        try await expectSoundBothWays(one, other)
        #expect(await one.path.statistics().localCandidate == "host")
        await one.path.close()
        await other.path.close()
    }

    private func expectSoundBothWays(_ one: Call, _ other: Call) async throws {
        #expect(
            try await eventually {
                await one.path.statistics().hears(1000, at: -20)
                    ? await other.path.statistics().hears(440, at: -20) : false
            })
    }
}
