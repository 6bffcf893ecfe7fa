/// No device: silence to read, and whatever is written is gone.
package final class NullDevice: AudioSource, AudioSink {
    package init() {}

    package func start() {}
    package func stop() {}

    package func read(into frame: inout MutableSpan<Int16>) {
        frame.update(repeating: 0)
    }

    package func write(_ frame: Span<Int16>) {}
}

/// A sine that never ends.
package final class ToneSource: AudioSource, @unchecked Sendable {
    private let frequency: Double
    private var oscillator: Oscillator

    /// `frequency` in hertz; `level` is the amplitude in decibels relative to full scale.
    package init(frequency: Double, level: Double) {
        self.frequency = frequency
        oscillator = Oscillator(level: level)
    }

    package func start() {}
    package func stop() {}

    package func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices {
            frame[index] = oscillator.next(frequency: frequency)
        }
    }
}
