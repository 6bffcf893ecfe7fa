import Glibc

/// The low-pass filter between 48 kHz and a lower rate: a sinc under a Kaiser window, in 14-bit fixed point.
///
/// Passes 85 % of the lower rate's band and stops, by about 60 dB, from 115 % on: what folds back lies above what it
/// passes. Integer sums let the compiler use vectors, and give the same samples on every machine.
enum LowPass {
    static let fractionBits = 14
    static let maximumFactor = 8
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

    /// The same filter as `width` inputs see it from `place` behind the middle one; `scale` below one narrows its band.
    static func taps(_ width: Int, at place: Double, scale: Double) -> [Int16] {
        let shape = (0..<width).map { index in
            let distance = Double(index - width / 2 + 1) - place
            return sinc(scale * distance) * kaiser(distance / Double(width / 2))
        }
        let sum = shape.reduce(0, +)
        return shape.map { Int16(($0 / sum * Double(1 << fractionBits)).rounded()) }
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

    /// Eight samples, each times its tap, summed by twos.
    @inline(__always)
    static func products(_ samples: SIMD8<Int16>, _ taps: SIMD8<Int16>) -> SIMD4<Int32> {
        let products = SIMD8<Int32>(truncatingIfNeeded: samples) &* SIMD8<Int32>(truncatingIfNeeded: taps)
        return products.evenHalf &+ products.oddHalf
    }

    static let half: Int32 = 1 << (fractionBits - 1)
}

/// Takes a stream from 48 kHz down to 48/`factor` kHz, by a factor of at most eight; keeps the end of one frame for the next.
struct Decimator: Sendable {
    private let factor: Int
    /// The impulse response, by eights.
    private let response: [SIMD8<Int16>]
    /// The last taps of the frame before, then the frame.
    private var line: FilterLine

    /// `capacity` is the most samples a call hands in.
    init(factor: Int, capacity: Int = AudioFormat.samplesPerFrame) {
        self.factor = factor
        response = Self.responses[factor - 1]
        // Four outputs are made at once, though there be room for fewer.
        line = FilterLine(taps: 8 * response.count, capacity: capacity + 3 * factor)
    }

    private static let responses = (1...LowPass.maximumFactor).map { factor in
        let response = LowPass.response(factor: factor, gain: 1)
        return stride(from: 0, to: response.count, by: 8).map { SIMD8(response[$0..<$0 + 8]) }
    }

    /// Fills `output`; `input` has `factor` times its samples.
    mutating func process(_ input: Span<Int16>, into output: inout [Int16]) {
        precondition(input.count == output.count * factor)
        line.append(input)
        var output = output.mutableSpan
        for index in stride(from: 0, to: output.count, by: 4) { output.put(outputs(from: index), from: index) }
    }

    /// Four outputs, which share the loads of the response; those behind the last are of nothing.
    @inline(__always)
    private func outputs(from index: Int) -> SIMD4<Int16> {
        let first = (index + 1) * factor
        let samples = line.samples.span.extracting(first..<first + 3 * factor + 8 * response.count).bytes
        let response = response.span
        let step = factor &* MemoryLayout<Int16>.stride
        var sums = (SIMD4<Int32>(), SIMD4<Int32>(), SIMD4<Int32>(), SIMD4<Int32>())
        for number in response.indices {
            let (taps, start) = (response[unchecked: number], 16 &* number)
            sums.0 &+= LowPass.products(samples.eight(at: start), taps)
            sums.1 &+= LowPass.products(samples.eight(at: start &+ step), taps)
            sums.2 &+= LowPass.products(samples.eight(at: start &+ 2 &* step), taps)
            sums.3 &+= LowPass.products(samples.eight(at: start &+ 3 &* step), taps)
        }
        let four = SIMD4(sums.0.wrappedSum(), sums.1.wrappedSum(), sums.2.wrappedSum(), sums.3.wrappedSum())
        return SIMD4(clamping: (four &+ LowPass.half) &>> Int32(LowPass.fractionBits))
    }
}

/// Takes a stream from 48/`factor` kHz up to 48 kHz, by a factor of at most eight; keeps the end of one frame for the next.
struct Interpolator: Sendable {
    private let factor: Int
    /// What two successive samples meet, oldest samples first: a pair of taps for each of four phases, and of the next four.
    private let taps: [SIMD8<Int16>]
    private var line: FilterLine

    /// `capacity` is the most samples a call hands in.
    init(factor: Int, capacity: Int) {
        self.factor = factor
        taps = Self.taps[factor - 1]
        line = FilterLine(taps: LowPass.tapsPerPhase, capacity: capacity)
    }

    private static let taps = (1...LowPass.maximumFactor).map { factor in
        let response = LowPass.response(factor: factor, gain: Double(factor))
        func tap(_ phase: Int, _ sample: Int) -> Int16 {
            phase < factor ? response[(LowPass.tapsPerPhase - 1 - sample) * factor + phase] : 0
        }
        return stride(from: 0, to: LowPass.tapsPerPhase, by: 2).flatMap { sample in
            [0..<4, 4..<8].map { phases in SIMD8(phases.flatMap { [tap($0, sample), tap($0, sample + 1)] }) }
        }
    }

    /// Fills the front of `output` with `factor` times the samples of `input`; a little of what comes behind changes as well.
    mutating func process(_ input: [Int16], into output: inout MutableSpan<Int16>) {
        precondition(output.count >= input.count * factor)
        line.append(input.span)
        for index in input.indices {
            let (low, high) = outputs(index)
            output.put(low, from: index * factor)
            output.put(high, from: index * factor + 4)
        }
    }

    /// What becomes of a sample, by its eight phases.
    @inline(__always)
    private func outputs(_ index: Int) -> (SIMD4<Int16>, SIMD4<Int16>) {
        let samples = line.samples.span.extracting(index + 1..<index + 1 + LowPass.tapsPerPhase).bytes
        let taps = taps.span.extracting(first: LowPass.tapsPerPhase)
        var low = SIMD4<Int32>(repeating: LowPass.half)
        var high = low
        for eight in 0..<LowPass.tapsPerPhase / 8 {
            let pairs = samples.unsafeLoadUnaligned(fromUncheckedByteOffset: 16 &* eight, as: SIMD4<UInt32>.self)
            for number in 0..<4 {
                let pair = unsafeBitCast(SIMD4(repeating: pairs[number]), to: SIMD8<Int16>.self)
                low &+= LowPass.products(pair, taps[unchecked: 8 &* eight &+ 2 &* number])
                high &+= LowPass.products(pair, taps[unchecked: 8 &* eight &+ 2 &* number &+ 1])
            }
        }
        let shift = Int32(LowPass.fractionBits)
        return (SIMD4(clamping: low &>> shift), SIMD4(clamping: high &>> shift))
    }
}

/// What a filter still has to see of the frame before, then the frame.
private struct FilterLine: Sendable {
    let taps: Int
    private(set) var samples: [Int16]
    private var count = 0

    init(taps: Int, capacity: Int) {
        self.taps = taps
        samples = [Int16](repeating: 0, count: taps + capacity)
    }

    mutating func append(_ frame: Span<Int16>) {
        precondition(frame.count <= samples.count - taps)
        samples.withUnsafeMutableBufferPointer { [taps, count] samples in
            guard let start = samples.baseAddress else { return }
            start.update(from: start + count, count: taps)
            frame.withUnsafeBufferPointer { _ = samples[taps...].update(fromContentsOf: $0) }
        }
        count = frame.count
    }
}

extension RawSpan {
    /// Eight samples that begin at a byte that is in bounds.
    @inline(__always)
    fileprivate func eight(at byte: Int) -> SIMD8<Int16> {
        unsafeLoadUnaligned(fromUncheckedByteOffset: byte, as: SIMD8<Int16>.self)
    }
}

extension MutableSpan<Int16> {
    /// As many of the four as there is room for.
    @inline(__always)
    fileprivate mutating func put(_ samples: SIMD4<Int16>, from start: Int) {
        guard start + 4 <= count else {
            for lane in 0..<max(0, count - start) { self[start + lane] = samples[lane] }
            return
        }
        var bytes = mutableBytes
        bytes.storeBytes(of: samples, toByteOffset: start * MemoryLayout<Int16>.stride, as: SIMD4<Int16>.self)
    }
}

extension SIMD4<Int16> {
    @inline(__always)
    fileprivate init(clamping values: SIMD4<Int32>) {
        let (least, most) = (SIMD4<Int32>(repeating: -32_768), SIMD4<Int32>(repeating: 32_767))
        self.init(truncatingIfNeeded: values.clamped(lowerBound: least, upperBound: most))
    }
}
