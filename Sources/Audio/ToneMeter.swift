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
    private static let frames = 12
    private static let binWidth = Double(AudioFormat.sampleRate / decimation) / Double(windowLength)
    /// Below this there is noise at most.
    private static let audibleLevel = -60.0

    private var energies = [Double](repeating: 0, count: frames)
    private var nextEnergy = 0
    private var window = [Float](repeating: 0, count: windowLength)
    private var nextSample = 0

    package init() {}

    package mutating func add(_ frame: Span<Int16>) {
        energies[nextEnergy] = Double(frame.energy)
        nextEnergy = (nextEnergy + 1) % Self.frames

        var next = nextSample
        var window = window.mutableSpan
        for first in stride(from: 0, through: frame.count - Self.decimation, by: Self.decimation) {
            var sum: Int32 = 0
            for index in first..<first + Self.decimation { sum &+= Int32(frame[unchecked: index]) }
            window[next] = Float(sum)
            next = (next + 1) % Self.windowLength
        }
        nextSample = next
    }

    package var reading: Reading {
        let level = self.level
        return Reading(level: level, frequency: level > Self.audibleLevel ? dominantFrequency : nil)
    }

    private var level: Double {
        let samples = Double(Self.frames * AudioFormat.samplesPerFrame)
        let power = energies.reduce(0, +) / samples / (32_768 * 32_768 / 2)
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
            return window[(nextSample + index) % Self.windowLength] * Float(fade)
        }
    }
}
