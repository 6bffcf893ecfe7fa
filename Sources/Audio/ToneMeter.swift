/// Measures the level and the dominant frequency of the last quarter of a second of sound.
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

    package init() {}

    package mutating func add(_ frame: Span<Int16>) {}

    package var reading: Reading { Reading(level: Reading.silence, frequency: nil) }
}
