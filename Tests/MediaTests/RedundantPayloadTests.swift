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
        _ sender: inout RedundancySender, _ payload: [UInt8], after ticks: UInt32?, limit: Int = 1_200
    ) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 2_000)
        var span = buffer.mutableSpan
        let length = sender.write(
            payload.span, payloadType: 111, after: ticks, into: &span, from: 0, limit: limit)
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
        #expect(write(&sender, [1, 2], after: nil) == [111, 1, 2])
        #expect(write(&sender, [3], after: 960) == [0x80 | 111, 0x0F, 0, 2, 111, 1, 2, 3])
        #expect(write(&sender, [4], after: 16_383) == [0x80 | 111, 0xFF, 0xFC, 1, 111, 3, 4])
    }

    @Test("What is too long ago, too long or does not fit is not said again (§3)") func limits() throws {
        var sender = RedundancySender()
        let long = [UInt8](repeating: 9, count: 1_024)
        _ = write(&sender, [1], after: nil)
        #expect(write(&sender, [2], after: 16_384) == [111, 2])
        #expect(write(&sender, [3], after: 960, limit: 6) == [111, 3])
        #expect(write(&sender, [3, 4], after: 960, limit: 2) == nil)
        #expect(write(&sender, long, after: 960)?.count == 5 + 1 + 1_024)
        #expect(write(&sender, [5], after: 960) == [111, 5])
        #expect(write(&sender, Array(long.dropLast()), after: 960)?.count == 5 + 1 + 1_023)
        #expect((write(&sender, [6], after: 960) ?? []).prefix(4).elementsEqual([0xEF, 0x0F, 3, 0xFF]))
    }
}
