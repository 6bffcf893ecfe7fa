/// What a seat's microphone or loudspeaker is, as configured: `null`, `tone:440`, `tone:440,-20`, `wav:/a/file.wav`,
/// `wav:/a/file.wav,once`, `pulse` or `pulse:a-device`.
package enum AudioDevice: Hashable, Sendable {
    case null
    /// A sine of `frequency` hertz whose amplitude is `level` decibels relative to full scale.
    case tone(frequency: Double, level: Double)
    case wav(path: String, repeats: Bool)
    /// A device of the PulseAudio server, or its default one.
    case pulse(name: String?)

    /// How a device fares; a device that is away gives silence and comes back by itself.
    package enum Condition: Hashable, Sendable {
        case ready
        case unavailable(reason: String)
    }

    package enum Failure: Error, Hashable {
        case unreadableFile
        case unsupportedFile
        case unwritableFile
        /// A tone was asked to be a sink.
        case notASink
    }

    package init?(_ text: String) {
        return nil
    }

    /// Opens the device for reading; `onChange` may be called from any thread.
    package func makeSource(
        onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSource {
        throw .unreadableFile
    }

    /// Opens the device for writing; `onChange` may be called from any thread.
    package func makeSink(
        onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSink {
        throw .notASink
    }
}
