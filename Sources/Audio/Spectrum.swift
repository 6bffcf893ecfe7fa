import Glibc

/// The discrete Fourier transform of real samples.
enum Spectrum {
    /// The squared magnitudes of the bins from 0 to half the sampling rate; the count of samples is a power of two.
    static func power(of samples: [Float]) -> [Float] {
        precondition(samples.count > 1 && samples.count & (samples.count - 1) == 0)
        var real = bitReversed(samples)
        var imaginary = [Float](repeating: 0, count: samples.count)
        var half = 1
        while half < samples.count {
            combine(&real, &imaginary, half: half)
            half *= 2
        }
        return (0..<samples.count / 2).map { real[$0] * real[$0] + imaginary[$0] * imaginary[$0] }
    }

    private static func bitReversed(_ samples: [Float]) -> [Float] {
        let unusedBits = UInt32(32 - samples.count.trailingZeroBitCount)
        return samples.indices.map { index in
            samples[Int(bitReverse(UInt32(index)) >> unusedBits)]
        }
    }

    private static func bitReverse(_ value: UInt32) -> UInt32 {
        var reversed: UInt32 = 0
        for bit in 0..<UInt32(32) {
            reversed |= (value >> bit & 1) << (31 - bit)
        }
        return reversed
    }

    /// One pass of Cooley and Tukey's butterflies: transforms of `half` points become transforms of twice as many.
    private static func combine(_ real: inout [Float], _ imaginary: inout [Float], half: Int) {
        for offset in 0..<half {
            let angle = -Double.pi * Double(offset) / Double(half)
            let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
            for even in stride(from: offset, to: real.count, by: 2 * half) {
                let odd = even + half
                let turnedReal = real[odd] * cosine - imaginary[odd] * sine
                let turnedImaginary = real[odd] * sine + imaginary[odd] * cosine
                real[odd] = real[even] - turnedReal
                imaginary[odd] = imaginary[even] - turnedImaginary
                real[even] += turnedReal
                imaginary[even] += turnedImaginary
            }
        }
    }
}
