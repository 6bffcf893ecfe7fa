import Glibc

/// The low-pass filter between 48 kHz and a lower rate: a sinc under a Kaiser window, in 14-bit fixed point.
///
/// Passes 85 % of the lower rate's band and stops, by about 60 dB, from 115 % on: what folds back lies above what it
/// passes. Integer sums let the compiler use vectors, and give the same samples on every machine.
enum LowPass {
    static let fractionBits = 14
    /// The taps each output of an interpolator sees.
    static let tapsPerPhase = 24

    /// The impulse response for a ratio of `factor` with unity gain; `gain` makes up for the zeros an interpolator puts in.
    static func response(factor: Int, gain: Double) -> [Int16] {
        let count = tapsPerPhase * factor
        let centre = Double(count - 1) / 2
        let shape = (0..<count).map { index in
            let distance = (Double(index) - centre) / Double(factor)
            return sinc(distance) * kaiser((Double(index) - centre) / (centre + 1))
        }
        let sum = shape.reduce(0, +)
        return shape.map { Int16(($0 / sum * gain * Double(1 << fractionBits)).rounded()) }
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(.pi * x) / (.pi * x)
    }

    /// β = 5.65 gives 60 dB.
    private static func kaiser(_ x: Double) -> Double {
        let beta = 5.65
        return besselI0(beta * (1 - x * x).squareRoot()) / besselI0(beta)
    }

    private static func besselI0(_ x: Double) -> Double {
        var (sum, term, index) = (1.0, 1.0, 1.0)
        while term > sum * 1e-12 {
            term *= (x / (2 * index)) * (x / (2 * index))
            sum += term
            index += 1
        }
        return sum
    }

    /// One output: `count` samples of the line, each times its tap, rounded; inlined so that a constant count unrolls.
    @inline(__always)
    static func sample(_ line: [Int16], from first: Int, _ taps: [Int16], from firstTap: Int, count: Int) -> Int16 {
        let line = line.span.extracting(first..<first + count)
        let taps = taps.span.extracting(firstTap..<firstTap + count)
        var sum: Int32 = 0
        for index in 0..<count {
            sum &+= Int32(line[unchecked: index]) &* Int32(taps[unchecked: index])
        }
        return Int16(clamping: (sum &+ 1 << (fractionBits - 1)) >> fractionBits)
    }
}

/// Takes a stream from 48 kHz down to 48/`factor` kHz; keeps the end of one frame for the next.
struct Decimator: Sendable {
    private let factor: Int
    private let response: [Int16]
    /// The last taps of the frame before, then the frame.
    private var line: [Int16]

    /// `capacity` is the most samples a call hands in.
    init(factor: Int, capacity: Int = AudioFormat.samplesPerFrame) {
        self.factor = factor
        response = LowPass.response(factor: factor, gain: 1)
        line = [Int16](repeating: 0, count: response.count + capacity)
    }

    /// Fills `output`; `input` has `factor` times its samples.
    mutating func process(_ input: Span<Int16>, into output: inout [Int16]) {
        precondition(input.count == output.count * factor)
        let taps = response.count
        for index in input.indices {
            line[taps + index] = input[index]
        }
        for index in output.indices {
            output[index] = LowPass.sample(
                line, from: (index + 1) * factor, response, from: 0, count: taps)
        }
        for index in 0..<taps {
            line[index] = line[input.count + index]
        }
    }
}

/// Takes a stream from 48/`factor` kHz up to 48 kHz; keeps the end of one frame for the next.
struct Interpolator: Sendable {
    private let factor: Int
    /// One phase after the other, each as the taps its samples meet, oldest sample first.
    private let phases: [Int16]
    private var line: [Int16]

    /// `capacity` is the most samples a call hands in.
    init(factor: Int, capacity: Int) {
        self.factor = factor
        let response = LowPass.response(factor: factor, gain: Double(factor))
        phases = (0..<factor).flatMap { phase in
            (0..<LowPass.tapsPerPhase).reversed().map { response[$0 * factor + phase] }
        }
        line = [Int16](repeating: 0, count: LowPass.tapsPerPhase + capacity)
    }

    /// Fills the front of `output` with `factor` times the samples of `input`.
    mutating func process(_ input: [Int16], into output: inout MutableSpan<Int16>) {
        precondition(output.count >= input.count * factor && line.count >= LowPass.tapsPerPhase + input.count)
        let taps = LowPass.tapsPerPhase
        for index in input.indices {
            line[taps + index] = input[index]
        }
        for index in input.indices {
            for phase in 0..<factor {
                output[index * factor + phase] = LowPass.sample(
                    line, from: index + 1, phases, from: phase * taps, count: taps)
            }
        }
        for index in 0..<taps {
            line[index] = line[input.count + index]
        }
    }
}
