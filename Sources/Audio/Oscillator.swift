import Glibc

/// A sine that goes on from frame to frame without a jump.
struct Oscillator: Sendable {
    private let amplitude: Double
    private var phase = 0.0

    /// `level` is the amplitude in decibels relative to full scale.
    init(level: Double) {
        amplitude = min(pow(10, level / 20), 1) * 32_767
    }

    mutating func next(frequency: Double) -> Int16 {
        defer {
            phase += 2 * .pi * frequency / Double(AudioFormat.sampleRate)
            if phase >= 2 * .pi { phase -= 2 * .pi }
        }
        return Int16(amplitude * sin(phase))
    }
}
