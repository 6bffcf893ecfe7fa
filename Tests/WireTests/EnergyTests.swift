import Testing
import Wire

@Suite struct EnergyTests {
    @Test("The sum of squares is exact, whatever the count and the loudness", arguments: [0, 1, 7, 8, 9, 160, 961])
    func isExact(count: Int) {
        let samples = (0..<count).map { Int16(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        #expect(samples.span.energy == samples.reduce(0) { $0 + UInt64(Int64($1) * Int64($1)) })
        let loudest = [Int16](repeating: .min, count: count)
        #expect(loudest.span.energy == UInt64(count) << 30)
    }
}
