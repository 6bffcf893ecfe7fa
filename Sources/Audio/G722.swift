/// The sub-band ADPCM of ITU-T G.722 at 64 kbit/s (mode 1): an octet holds two samples at 16 kHz.
enum G722 {
    /// Two bits for the higher band, six for the lower (§1.4.4).
    struct Encoder: Sendable {
        private var split = Filter()
        private var lower = SubBand(step: 32)
        private var higher = SubBand(step: 8)

        mutating func encode(_ first: Int16, _ second: Int16) -> UInt8 {
            split.shift(in: Int32(first), Int32(second))
            let sums = split.sums
            let low = (sums.odd + sums.even) >> 14
            let high = (sums.even - sums.odd) >> 14

            let lowCode = Table.lowerCode(of: saturated(low - lower.estimate), step: lower.step)
            lower.adaptLower(to: lowCode)
            let highCode = Table.higherCode(of: saturated(high - higher.estimate), step: higher.step)
            higher.adaptHigher(to: highCode)
            return UInt8(truncatingIfNeeded: highCode << 6 | lowCode)
        }
    }

    struct Decoder: Sendable {
        private var join = Filter()
        /// Hears what comes out, to be ready when something has to be made up.
        private var split = Filter()
        private var lower = SubBand(step: 32)
        private var higher = SubBand(step: 8)

        mutating func decode(_ octet: UInt8) -> (first: Int16, second: Int16) {
            let (lowCode, highCode) = (Int(octet & 0x3F), Int(octet >> 6))
            let (first, second) = advance(lowCode, highCode)
            split.shift(in: Int32(first), Int32(second))
            return (first, second)
        }

        /// Has the bands adapt to what was made up in place of a lost octet as if it had been sent, so that what comes next meets
        /// them as the encoder's are by then, nearly (as Appendices III and IV do).
        mutating func follow(_ first: Int16, _ second: Int16) {
            split.shift(in: Int32(first), Int32(second))
            let sums = split.sums
            let low = (sums.odd + sums.even) >> 14
            let high = (sums.even - sums.odd) >> 14
            let lowCode = Table.lowerCode(of: saturated(low - lower.estimate), step: lower.step)
            let highCode = Table.higherCode(of: saturated(high - higher.estimate), step: higher.step)
            _ = advance(lowCode, highCode)
        }

        private mutating func advance(_ lowCode: Int, _ highCode: Int) -> (first: Int16, second: Int16) {
            let low = limited(lower.estimate + (lower.step * Table.lower6[lowCode]) >> 15)
            lower.adaptLower(to: lowCode)
            let high = limited(higher.estimate + (higher.step * Table.higher2[highCode]) >> 15)
            higher.adaptHigher(to: highCode)
            join.shift(in: low + high, low - high)
            let sums = join.sums
            return (Int16(clamping: sums.even >> 11), Int16(clamping: sums.odd >> 11))
        }

        /// LIMIT of §4.2: what the sum of a band may be.
        private func limited(_ value: Int32) -> Int32 { min(max(value, -16_384), 16_383) }
    }
}

/// The quadrature mirror filter that splits the spectrum and joins it again (§3.1, §4.4).
private struct Filter: Sendable {
    private static let taps: [Int32] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11]

    private var line = [Int32](repeating: 0, count: 24)

    mutating func shift(in first: Int32, _ second: Int32) {
        for index in 0..<22 { line[index] = line[index + 2] }
        line[22] = first
        line[23] = second
    }

    /// The sums over the two phases, which mirror each other.
    var sums: (odd: Int32, even: Int32) {
        var (odd, even): (Int32, Int32) = (0, 0)
        for index in 0..<12 {
            odd += line[2 * index] * Self.taps[index]
            even += line[2 * index + 1] * Self.taps[11 - index]
        }
        return (odd, even)
    }
}

/// Step size and predictor of one band, which encoder and decoder adapt alike (§3.3 to §3.6).
///
/// The names in the comments are those of the blocks in the Recommendation.
private struct SubBand: Sendable {
    /// What the next sample is expected to be.
    private(set) var estimate: Int32 = 0
    /// The quantiser's scale factor.
    private(set) var step: Int32

    private var logarithmicStep: Int32 = 0
    /// The part of the estimate that comes from the zeros.
    private var zeroEstimate: Int32 = 0
    private var poles: (Int32, Int32) = (0, 0)
    private var zeros = [Int32](repeating: 0, count: 6)
    /// The last quantised differences, the newest first.
    private var differences = [Int32](repeating: 0, count: 6)
    private var reconstructed: (Int32, Int32) = (0, 0)
    private var partial: (Int32, Int32) = (0, 0)

    init(step: Int32) {
        self.step = step
    }

    /// The predictor sees only the four most significant bits, which every mode has.
    mutating func adaptLower(to code: Int) {
        let difference = (step * Table.lower4[code >> 2]) >> 15
        scale(by: Table.lowerWeights[code >> 2], limit: 18_432, shift: 8)
        predict(after: difference)
    }

    mutating func adaptHigher(to code: Int) {
        let difference = (step * Table.higher2[code]) >> 15
        scale(by: Table.higherWeights[code], limit: 22_528, shift: 10)
        predict(after: difference)
    }

    /// LOGSCL and SCALEL, or LOGSCH and SCALEH.
    private mutating func scale(by weight: Int32, limit: Int32, shift: Int32) {
        logarithmicStep = min(max((logarithmicStep * 127) >> 7 + weight, 0), limit)
        let mantissa = Table.inverseLogarithms[Int(logarithmicStep >> 6 & 31)]
        step = (mantissa >> (shift - logarithmicStep >> 11)) << 2
    }

    private mutating func predict(after difference: Int32) {
        let sum = saturated(estimate + difference)
        let partialSum = saturated(zeroEstimate + difference)
        adaptPoles(partialSum)
        adaptZeros(difference)
        for index in (1..<6).reversed() { differences[index] = differences[index - 1] }
        differences[0] = difference
        reconstructed = (sum, reconstructed.0)
        partial = (partialSum, partial.0)
        filter()
    }

    /// UPPOL2 and UPPOL1.
    private mutating func adaptPoles(_ sum: Int32) {
        let isLike1 = (sum < 0) == (partial.0 < 0)
        let isLike2 = (sum < 0) == (partial.1 < 0)
        let four = saturated(poles.0 << 2)
        let cross = isLike1 ? min(-four, 32_767) : four
        let second = (isLike2 ? 128 : -128) + cross >> 7 + (poles.1 * 32_512) >> 15
        poles.1 = min(max(second, -12_288), 12_288)
        let first = saturated((isLike1 ? 192 : -192) + (poles.0 * 32_640) >> 15)
        let bound = saturated(15_360 - poles.1)
        poles.0 = min(max(first, -bound), bound)
    }

    /// UPZERO.
    private mutating func adaptZeros(_ difference: Int32) {
        let gain: Int32 = difference == 0 ? 0 : 128
        for index in 0..<6 {
            let isLike = (difference < 0) == (differences[index] < 0)
            zeros[index] = saturated((isLike ? gain : -gain) + (zeros[index] * 32_640) >> 15)
        }
    }

    /// FILTEP, FILTEZ and PREDIC.
    private mutating func filter() {
        let poleEstimate = saturated(
            (poles.0 * saturated(2 * reconstructed.0)) >> 15 + (poles.1 * saturated(2 * reconstructed.1)) >> 15)
        var sum: Int32 = 0
        for index in 0..<6 { sum += (zeros[index] * saturated(2 * differences[index])) >> 15 }
        zeroEstimate = saturated(sum)
        estimate = saturated(poleEstimate + zeroEstimate)
    }
}

/// SUBTRA and ADD of the Recommendation stay within 16 bits.
private func saturated(_ value: Int32) -> Int32 { min(max(value, -32_768), 32_767) }

/// The quantisers and what they stand for (tables 14 to 21).
private enum Table {
    /// The decision levels of the lower band.
    private static let levels: [Int32] = [
        35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121, 1_219,
        1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
    ]

    /// QUANTL: the code of a difference that lies in the n-th interval counts down from 61 if it is positive; if it is
    /// negative, from 31, but for the two innermost.
    static func lowerCode(of difference: Int32, step: Int32) -> Int {
        let magnitude = difference >= 0 ? difference : -(difference + 1)
        var interval = 0
        while interval < levels.count, magnitude >= (levels[interval] * step) >> 12 { interval += 1 }
        if difference >= 0 { return 61 - interval }
        return interval < 2 ? 63 - interval : 33 - interval
    }

    /// QUANTH.
    static func higherCode(of difference: Int32, step: Int32) -> Int {
        let magnitude = difference >= 0 ? difference : -(difference + 1)
        let isOuter = magnitude >= (564 * step) >> 12
        return difference < 0 ? (isOuter ? 0 : 1) : (isOuter ? 2 : 3)
    }

    static let lower6: [Int32] = [
        -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232,
        -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008, -3_576, -3_168, -2_776,
        -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192,
        10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000, 5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400,
        2_032, 1_688, 1_360, 1_040, 728, 432, 136, -432, -136,
    ]
    static let lower4: [Int32] = [
        0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288, 4_240, 2_584,
        1_200, 0,
    ]
    static let higher2: [Int32] = [-7_408, -1_616, 7_408, 1_616]

    /// How much a code makes the step grow, by its four most significant bits.
    static let lowerWeights: [Int32] = [
        -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
    ]
    static let higherWeights: [Int32] = [798, -214, 798, -214]

    static let inverseLogarithms: [Int32] = [
        2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774,
        2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838,
        3_922, 4_008,
    ]
}
