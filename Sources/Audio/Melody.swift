/// A source that plays short distinct notes over and over: a caller who speaks, in a form a meter recognises.
package final class Melody: AudioSource, @unchecked Sendable {
    package struct Note: Hashable, Sendable {
        /// Hertz; zero is a rest.
        package var frequency: Double
        package var duration: Duration

        package init(frequency: Double, duration: Duration) {
            self.frequency = frequency
            self.duration = duration
        }

        var samples: Int {
            max(1, Int(duration / AudioFormat.frameDuration * Double(AudioFormat.samplesPerFrame)))
        }
    }

    /// Four notes of 300 ms, 523, 659, 784 and 1047 Hz, and a rest of 200 ms.
    package static let standard: [Note] = [523.25, 659.26, 783.99, 1046.5, 0].map { frequency in
        Note(frequency: frequency, duration: frequency == 0 ? .milliseconds(200) : .milliseconds(300))
    }

    private let notes: [(frequency: Double, samples: Int)]
    private var oscillator: Oscillator
    private var current = 0
    private var samplesLeft = 0

    /// `level` is the amplitude in decibels relative to full scale.
    package init(notes: [Note] = Melody.standard, level: Double = -20) {
        precondition(!notes.isEmpty)
        self.notes = notes.map { ($0.frequency, $0.samples) }
        oscillator = Oscillator(level: level)
        samplesLeft = self.notes[0].samples
    }

    package func start() {}
    package func stop() {}

    package func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices {
            if samplesLeft == 0 {
                current = (current + 1) % notes.count
                samplesLeft = notes[current].samples
            }
            let frequency = notes[current].frequency
            frame[index] = frequency > 0 ? oscillator.next(frequency: frequency) : 0
            samplesLeft -= 1
        }
    }
}
