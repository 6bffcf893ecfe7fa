import Deflate
import Testing
import Wire

private func deflated(_ messages: [[UInt8]], windowBits: Int = 15, memoryLevel: Int = 8) -> [[UInt8]] {
    var deflater = Deflater(windowBits: windowBits, memoryLevel: memoryLevel)
    return messages.map { message in
        var output: [UInt8] = []
        deflater.deflate(message.span, into: &output)
        return output
    }
}

private func inflated(_ messages: [[UInt8]], windowBits: Int = 15, pieces: Int = .max) throws -> [[UInt8]] {
    var inflater = Inflater(windowBits: windowBits)
    return try messages.map { message in
        var output: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: min(pieces, max(1, message.count))) {
            let end = start + min(pieces, message.count - start)
            try inflater.inflate(message.span.extracting(start..<end), into: &output, limit: 1 << 20)
        }
        try inflater.endMessage(into: &output, limit: 1 << 20)
        return output
    }
}

/// Bytes that repeat themselves here and there, over distances of up to 40,000.
private func compressible(_ count: Int, _ randomness: inout Randomness) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
        if bytes.isEmpty || Int.random(in: 0..<3, using: &randomness) == 0 {
            bytes += (0..<Int.random(in: 1...40, using: &randomness)).map { _ in
                UInt8.random(in: 97...122, using: &randomness)
            }
        } else {
            let start = Int.random(in: max(0, bytes.count - 40_000)..<bytes.count, using: &randomness)
            bytes += bytes[start..<min(bytes.count, start + Int.random(in: 3...300, using: &randomness))]
        }
    }
    return Array(bytes[..<count])
}

struct DeflateTests {
    @Test("RFC 7692 §7.2.3.1 and §7.2.3.2: two messages share a window, and the second is shorter for it")
    func samples() throws {
        let hello = Array("Hello".utf8)
        let first: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let second: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        #expect(deflated([hello, hello]) == [first, second])
        #expect(try inflated([first, second]) == [hello, hello])
        #expect(try inflated([first, second], pieces: 1) == [hello, hello])
    }

    @Test("RFC 7692 §7.2.3.3 to §7.2.3.6: blocks without compression, final blocks, several blocks and none are read")
    func blocks() throws {
        let hello = Array("Hello".utf8)
        let stored: [UInt8] = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]
        let final: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        let two: [UInt8] = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]
        let empty: [UInt8] = [0x00]
        let again: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        #expect(try inflated([stored, final, two, empty]) == [hello, hello, hello, []])
        #expect(try inflated([final, again], pieces: 1) == [hello, hello], "a final block leaves the window alone")
        #expect(deflated([[]]) == [empty])
    }

    @Test("Every window size is read by an inflater of that size (RFC 7692 §7.1.2)", arguments: 8...15)
    func windows(_ bits: Int) throws {
        var randomness = Randomness.seeded(UInt64(bits))
        let messages = [0, 1, 200, 5000, 100_000, 300_000].map { compressible($0, &randomness) }
        for memoryLevel in [1, 5, 9] {
            let deflated = deflated(messages, windowBits: bits, memoryLevel: memoryLevel)
            #expect(try inflated(deflated, windowBits: bits) == messages)
            #expect(try inflated(deflated, windowBits: bits, pieces: 1000) == messages)
        }
    }

    @Test("What inflates to more than the limit is cut at the limit")
    func bomb() throws {
        let bomb = deflated([[UInt8](repeating: 0, count: 1 << 24)])[0]
        #expect(bomb.count < 20_000)
        var inflater = Inflater(windowBits: 15)
        var output: [UInt8] = []
        #expect(throws: Inflater.Failure.tooLong) { try inflater.inflate(bomb.span, into: &output, limit: 1000) }
        #expect(output.count == 1001)
    }

    @Test("A message of exactly the limit is read")
    func exactLimit() throws {
        let message = [UInt8](repeating: 7, count: 1000)
        var inflater = Inflater(windowBits: 15)
        var output: [UInt8] = []
        let bytes = deflated([message])[0]
        try inflater.inflate(bytes.span, into: &output, limit: 1000)
        try inflater.endMessage(into: &output, limit: 1000)
        #expect(output == message)
    }

    @Test(
        "What is no DEFLATE, or ends inside a block, is malformed (RFC 1951 §3.2.3)",
        arguments: [[0x07], [0xFF, 0xFF], [], [0xF2, 0x48], [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48]] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) {
        #expect(throws: Inflater.Failure.malformed) { try inflated([bytes]) }
    }
}
