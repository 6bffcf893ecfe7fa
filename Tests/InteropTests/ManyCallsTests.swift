import Engine
import Testing

/// Calls that share the queue of a core.
@Suite(.timeLimit(.minutes(1))) struct ManyCallsTests {
    @Test("Each of three calls hears its own peer, and the last goes on when the others end") func three() async throws
    {
        let calls = (0..<3).map { number in
            (tone: 400 + 200 * Double(number), Call(tone: 400 + 200 * Double(number)), Call(tone: 2_000))
        }
        for (_, one, other) in calls { try await one.connect(to: other) }
        try await expectSound(calls)
        for (_, one, other) in calls.dropLast() {
            await one.path.close()
            await other.path.close()
        }
        let rest = calls.suffix(1)
        for (_, _, other) in rest {
            let before = await other.path.statistics().packetsReceived
            #expect(try await eventually { await other.path.statistics().packetsReceived > before + 50 })
        }
        try await expectSound(rest)
        for (_, one, other) in rest {
            #expect(await other.path.statistics().packetsLost == 0)
            await one.path.close()
            await other.path.close()
        }
    }

    private func expectSound(_ calls: some Sequence<(tone: Double, Call, Call)>) async throws {
        for (tone, one, other) in calls {
            #expect(
                try await eventually {
                    await other.path.statistics().hears(tone, at: -20)
                        ? await one.path.statistics().hears(2_000, at: -20) : false
                })
        }
    }
}
