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

    @Test("Every output is the sum of samples times taps, rounded and clamped", arguments: [3, 6], [480, 474])
    func isConvolution(factor: Int, samples: Int) {
        let (count, frames) = (samples / factor, 3)
        let wide = noise(count: frames * count * factor)
        let narrow = noise(count: frames * count)
        var decimator = Decimator(factor: factor, capacity: count * factor)
        var interpolator = Interpolator(factor: factor, capacity: count)
        var (down, up): ([Int16], [Int16]) = ([], [])
        for frame in 0..<frames {
            var low = [Int16](repeating: 0, count: count)
            var high = [Int16](repeating: 0, count: count * factor)
            var span = high.mutableSpan
            decimator.process(Array(wide[frame * count * factor..<(frame + 1) * count * factor]).span, into: &low)
            interpolator.process(Array(narrow[frame * count..<(frame + 1) * count]), into: &span)
            (down, up) = (down + low, up + high)
        }
        let response = LowPass.response(factor: factor, gain: 1)
        #expect(
            down
                == narrow.indices.map { output in
                    rounded(
                        response.indices.map { tap in
                            sample(wide, (output + 1) * factor - 1 - tap) * Int(response[response.count - 1 - tap])
                        })
                })
        let gained = LowPass.response(factor: factor, gain: Double(factor))
        #expect(
            up
                == wide.indices.map { output in
                    rounded(
                        (0..<LowPass.tapsPerPhase).map { tap in
                            sample(narrow, output / factor - tap) * Int(gained[tap * factor + output % factor])
                        })
                })
        #expect(up.contains(.max) && up.contains(.min))
    }

    private func rounded(_ products: [Int]) -> Int16 {
        Int16(clamping: (products.reduce(0, +) + 1 << (LowPass.fractionBits - 1)) >> LowPass.fractionBits)
    }

    private func sample(_ samples: [Int16], _ index: Int) -> Int { index < 0 ? 0 : Int(samples[index]) }

    /// As loud as can be, so that there is something to clamp.
    private func noise(count: Int) -> [Int16] {
        var state: UInt32 = 1
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return state >> 31 == 0 ? .min : .max
        }
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
