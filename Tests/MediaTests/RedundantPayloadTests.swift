import Testing
import Wire

@testable import Media

@Suite("Redundant audio (RFC 2198)") struct RedundantPayloadTests {
    private func blocks(_ payload: [UInt8]) throws -> [RedundantPayload.Block] {
        var blocks: [RedundantPayload.Block] = []
        try RedundantPayload.read(payload.span) { blocks.append($0) }
        return blocks
    }

    private func write(
        _ sender: inout RedundancySender, _ payload: [UInt8], at timestamp: UInt32, generations: Int = 1,
        limit: Int = 1_200
    ) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4_000)
        var span = buffer.mutableSpan
        let length = sender.write(
            payload.span, payloadType: 111, at: timestamp, generations: generations, into: &span, from: 0, limit: limit)
        return length.map { Array(buffer[..<$0]) }
    }

    @Test("The blocks stand behind their headers, the oldest first (§3)") func reading() throws {
        let payload: [UInt8] = [0x80 | 111, 0x1E, 0x00, 2, 0x80 | 111, 0x0F, 0x00, 1, 111, 1, 2, 3, 4, 5]
        #expect(
            try blocks(payload) == [
                .init(payloadType: 111, offset: 1_920, age: 2, payload: 9..<11),
                .init(payloadType: 111, offset: 960, age: 1, payload: 11..<12),
                .init(payloadType: 111, offset: 0, age: 0, payload: 12..<14),
            ])
        #expect(try blocks([111]) == [.init(payloadType: 111, offset: 0, age: 0, payload: 1..<1)])
    }

    @Test(
        "What is cut short gives no block",
        arguments: [
            [], [0x80], [0xEF, 0, 0], [0xEF, 0x0F, 0, 1], [0xEF, 0x0F, 0, 2, 111, 1], [0xEF, 0, 3, 255, 0xEF],
        ] as [[UInt8]])
    func truncated(payload: [UInt8]) {
        var count = 0
        #expect(throws: RedundantPayload.ParseError.truncated) {
            try RedundantPayload.read(payload.span) { _ in count += 1 }
        }
        #expect(count == 0)
    }

    @Test("Each payload is said again with the next one") func writing() throws {
        var sender = RedundancySender()
        #expect(write(&sender, [1, 2], at: 0xFFFF_FFFF) == [111, 1, 2])
        #expect(write(&sender, [3], at: 959) == [0x80 | 111, 0x0F, 0, 2, 111, 1, 2, 3])
        #expect(write(&sender, [4], at: 959 + 16_383) == [0x80 | 111, 0xFF, 0xFC, 1, 111, 3, 4])
        sender.forget()
        #expect(write(&sender, [5], at: 20_000) == [111, 5])
    }

    @Test("Where more is lost each payload is said again with the next two") func twoGenerations() throws {
        var sender = RedundancySender()
        let payloads = (0..<4).map { write(&sender, [UInt8($0)], at: UInt32($0) * 960, generations: 2) }
        #expect(payloads[0] == [111, 0])
        #expect(payloads[1] == [0x80 | 111, 0x0F, 0, 1, 111, 0, 1])
        #expect(payloads[2] == [0x80 | 111, 0x1E, 0, 1, 0x80 | 111, 0x0F, 0, 1, 111, 0, 1, 2])
        #expect(payloads[3] == [0x80 | 111, 0x1E, 0, 1, 0x80 | 111, 0x0F, 0, 1, 111, 1, 2, 3])
        // The nearer of the two goes first where there is no room for both.
        #expect(
            write(&sender, [4], at: 4 * 960, generations: 2, limit: 11) == [0x80 | 111, 0x0F, 0, 1, 111, 3, 4])
    }

    @Test("What is too long ago, too long or does not fit is not said again (§3)") func limits() throws {
        var sender = RedundancySender()
        let long = [UInt8](repeating: 9, count: 1_024)
        _ = write(&sender, [1], at: 0)
        #expect(write(&sender, [2], at: 16_384) == [111, 2])
        #expect(write(&sender, [3], at: 17_344, limit: 6) == [111, 3])
        #expect(write(&sender, [3, 4], at: 18_304, limit: 2) == nil)
        #expect(write(&sender, long, at: 18_304)?.count == 5 + 1 + 1_024)
        #expect(write(&sender, [5], at: 19_264) == [111, 5])
        #expect(write(&sender, Array(long.dropLast()), at: 20_224)?.count == 5 + 1 + 1_023)
        let last = try #require(write(&sender, [6], at: 21_184))
        #expect(Array(last.prefix(4)) == [0x80 | 111, 0x0F, 3, 0xFF])
        #expect(write(&sender, [6], at: 21_184) == [111, 6])
    }
}
