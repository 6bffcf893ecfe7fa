import Glibc
import Wire

/// Measures the level and the dominant frequency of the last quarter of a second of sound.
///
/// Adding a frame costs two passes over it; the spectrum is only taken when ``reading`` is asked for.
package struct ToneMeter: Sendable {
    package struct Reading: Hashable, Sendable {
        /// Decibels relative to full scale (AES17: a sine of full amplitude is 0), not below ``silence``.
        package var level: Double
        /// Hertz, between 50 and 3900; nil in silence.
        package var frequency: Double?

        package static let silence = -96.0

        package init(level: Double, frequency: Double?) {
            self.level = level
            self.frequency = frequency
        }
    }

    /// The spectrum is taken of samples at 8 kHz: what a telephone carries lies below 4 kHz.
    private static let decimation = 6
    private static let windowLength = 2048
    private static let frames = [12 of Double].count
    private static let binWidth = Double(AudioFormat.sampleRate / decimation) / Double(windowLength)
    /// Below this there is noise at most.
    private static let audibleLevel = -60.0

    private var energies: [12 of Double] = .init(repeating: 0)
    private var nextEnergy = 0
    /// By fours, in 16 bits: what is written and not read for long is to take little of the processor's caches.
    private var window = [SIMD4<Int16>](repeating: SIMD4(), count: windowLength / 4)
    private var nextSample = 0

    package init() {}

    /// What a frame has beyond a multiple of 24 samples does not count for the frequency.
    package mutating func add(_ frame: Span<Int16>) {
        energies[nextEnergy] = Double(frame.energy)
        nextEnergy = (nextEnergy + 1) % Self.frames

        var next = nextSample
        var window = window.mutableSpan
        for group in 0..<frame.count / (4 * Self.decimation) {
            window[next] = SIMD4(truncatingIfNeeded: frame.sums(ofSixFrom: 4 &* Self.decimation &* group) &>> 3)
            next = next + 1 == window.count ? 0 : next + 1
        }
        nextSample = next
    }

    package var reading: Reading {
        let level = self.level
        return Reading(level: level, frequency: level > Self.audibleLevel ? dominantFrequency : nil)
    }

    private var level: Double {
        let samples = Double(Self.frames * AudioFormat.samplesPerFrame)
        let power = energies.indices.reduce(0) { $0 + energies[$1] } / samples / (32_768 * 32_768 / 2)
        return power > 0 ? max(10 * log10(power), Reading.silence) : Reading.silence
    }

    /// The highest peak of a Hann-windowed spectrum, placed between the bins by a parabola through the logarithms.
    private var dominantFrequency: Double? {
        let power = Spectrum.power(of: hannWindowed())
        let bins = Int(50 / Self.binWidth)...Int(3900 / Self.binWidth)
        guard let peak = bins.max(by: { power[$0] < power[$1] }), power[peak] > 0 else { return nil }
        let left = log(Double(max(power[peak - 1], .leastNormalMagnitude)))
        let middle = log(Double(power[peak]))
        let right = log(Double(max(power[peak + 1], .leastNormalMagnitude)))
        let curvature = left - 2 * middle + right
        let offset = curvature < 0 ? (left - right) / (2 * curvature) : 0
        return (Double(peak) + offset) * Self.binWidth
    }

    /// The samples, oldest first, faded in and out.
    private func hannWindowed() -> [Float] {
        (0..<Self.windowLength).map { index in
            let fade = 0.5 - 0.5 * cos(2 * Double.pi * Double(index) / Double(Self.windowLength))
            return Float(window[(nextSample + index / 4) % window.count][index % 4]) * Float(fade)
        }
    }
}

extension Span<Int16> {
    /// The sums of four times six samples, which must be in bounds.
    @inline(__always)
    fileprivate func sums(ofSixFrom first: Int) -> SIMD4<Int32> {
        let (left, middle, right) = (pairs(first), pairs(first + 8), pairs(first + 16))
        return SIMD4(left[0], left[3], middle[2], right[1]) &+ SIMD4(left[1], middle[0], middle[3], right[2])
            &+ SIMD4(left[2], middle[1], right[0], right[3])
    }

    /// The sums of four times two samples.
    @inline(__always)
    private func pairs(_ first: Int) -> SIMD4<Int32> {
        let pairs = bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: first &* MemoryLayout<Int16>.stride, as: SIMD4<Int32>.self)
        return (pairs &<< 16) &>> 16 &+ pairs &>> 16
    }
}
