import Dispatch
import Testing

@testable import Audio

@Suite struct SampleRingTests {
    @Test("Samples come out in the order they went in, over the ring's end")
    func order() {
        let ring = SampleRing(capacity: 8)
        for start in stride(from: Int16(0), to: 60, by: 6) {
            #expect(write(Array(start..<start + 6), to: ring) == 6)
            #expect(read(6, from: ring) == Array(start..<start + 6))
        }
    }

    @Test("A full ring takes no more, an empty one gives none")
    func bounds() {
        let ring = SampleRing(capacity: 8)
        #expect(read(3, from: ring) == [])
        #expect(write(Array(0..<10), to: ring) == 8)
        #expect(write([99], to: ring) == 0)
        #expect(read(10, from: ring) == Array(0..<8))
    }

    @Test("Dropping forgets the oldest samples")
    func drops() {
        let ring = SampleRing(capacity: 8)
        #expect(write(Array(0..<7), to: ring) == 7)
        ring.drop(beyond: 9)
        #expect(ring.count == 7)
        ring.drop(beyond: 2)
        #expect(read(8, from: ring) == [5, 6])
    }

    @Test("A writer and a reader on two threads lose and invent nothing")
    func twoThreads() {
        let ring = SampleRing(capacity: 256)
        let total = 100_000
        DispatchQueue.global().async {
            var next = 0
            while next < total {
                next += write((next..<min(next + 37, total)).map { Int16(truncatingIfNeeded: $0) }, to: ring)
            }
        }
        var received = 0
        while received < total {
            for sample in read(41, from: ring) {
                guard sample == Int16(truncatingIfNeeded: received) else {
                    Issue.record("sample \(received) is \(sample)")
                    return
                }
                received += 1
            }
        }
        #expect(ring.count == 0)
    }
}

private func write(_ samples: [Int16], to ring: SampleRing) -> Int {
    samples.withUnsafeBufferPointer { ring.write($0) }
}

private func read(_ count: Int, from ring: SampleRing) -> [Int16] {
    [Int16](unsafeUninitializedCapacity: count) { buffer, read in
        buffer.initialize(repeating: 0)
        read = ring.read(into: buffer)
    }
}
