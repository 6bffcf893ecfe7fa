import Foundation
import Testing

@testable import Audio

@Suite struct ClockDriftTests {
    @Test(
        "A sound card that is slow or fast by up to 1000 ppm neither runs dry nor piles up",
        arguments: [-1000, -100, 0, 100, 1000])
    func converges(partsPerMillion: Int) {
        var drift = ClockDrift(target: 720)
        let perFrame = 960 * (1 + Double(partsPerMillion) / 1e6)
        var (waiting, played) = (720.0, 0.0)
        var output = [Int16](repeating: 0, count: 976)
        let input = [Int16](repeating: 0, count: 960)
        var bounds = 720.0...720.0
        for _ in 0..<15_000 {
            drift.note(waiting: Int(waiting))
            let count = stretch(&drift, input, into: &output)
            waiting += Double(count)
            played += perFrame
            waiting -= perFrame
            bounds = min(bounds.lowerBound, waiting)...max(bounds.upperBound, waiting)
        }
        #expect(abs(drift.correction + Double(partsPerMillion)) < 20)
        #expect(bounds.lowerBound > 0 && bounds.upperBound < 1440)
    }

    @Test("What is stretched stays the same sound")
    func clean() {
        var drift = ClockDrift(target: 0)
        for _ in 0..<500 { drift.note(waiting: 192) }
        #expect(abs(drift.correction - 1000) < 10)
        let tone = ToneSource(frequency: 1000, level: -6)
        var meter = ToneMeter()
        var waiting: [Int16] = []
        var output = [Int16](repeating: 0, count: 976)
        for _ in 0..<40 {
            let count = stretch(&drift, nextFrame(of: tone), into: &output)
            waiting += output[..<count]
            while waiting.count >= 960 {
                meter.add(Array(waiting.prefix(960)).span)
                waiting.removeFirst(960)
            }
        }
        // Taken faster, it sounds higher, by a thousandth.
        #expect(abs((meter.reading.frequency ?? 0) - 1001) < 0.5)
        #expect(abs(meter.reading.level + 6) < 0.1)
    }

    @Test("What is filled takes as much as was said to be needed")
    func exact() {
        var drift = ClockDrift(target: 1200)
        let ramp = (0..<Int16(4000)).map { $0 }
        var taken = 0
        var last: Int16 = -1
        for _ in 0..<4 {
            drift.note(waiting: 5000)
            let needed = drift.needed(for: 960)
            var output = [Int16](repeating: 0, count: 960)
            ramp[taken..<taken + needed].withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { drift.fill($0, from: input) }
            }
            taken += needed
            #expect(zip([last] + output, output).allSatisfy { $0 <= $1 && $1 - $0 <= 2 } || last == -1)
            last = output[959]
        }
        #expect(abs(taken - 3840) < 10)
    }

    private func stretch(_ drift: inout ClockDrift, _ input: [Int16], into output: inout [Int16]) -> Int {
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { drift.stretch(input, into: $0) }
        }
    }
}
