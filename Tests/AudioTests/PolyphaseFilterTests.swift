import Testing

@testable import Audio

@Suite struct PolyphaseFilterTests {
    @Test("What 8 kHz can carry passes 48 → 8 → 48 kHz unchanged", arguments: [100, 440, 1000, 2500, 3300])
    func passes(frequency: Double) throws {
        let reading = readingAfterNarrowing(frequency)
        #expect(abs(try #require(reading.frequency) - frequency) < 1)
        #expect(abs(reading.level + 10) < 0.2)
    }

    @Test("What would fold back is 55 dB down", arguments: [4700, 5000, 7000, 7900, 12_000, 16_440])
    func stops(frequency: Double) {
        #expect(readingAfterNarrowing(frequency).level < -65)
    }

    private func readingAfterNarrowing(_ frequency: Double) -> ToneMeter.Reading {
        var decimator = Decimator(factor: 6)
        var interpolator = Interpolator(factor: 6, capacity: 160)
        var narrow = [Int16](repeating: 0, count: 160)
        return reading(of: ToneSource(frequency: frequency, level: -10)) { frame in
            decimator.process(frame.span, into: &narrow)
            var span = frame.mutableSpan
            interpolator.process(narrow, into: &span)
        }
    }
}
