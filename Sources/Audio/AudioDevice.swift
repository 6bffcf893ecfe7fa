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
        /// Not PCM of 16 bits with one or two channels at 8, 16 or 48 kHz, or longer than ten minutes.
        case unsupportedFile
        case unwritableFile
        /// A tone was asked to be a sink.
        case notASink
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.dropFirst().first) {
        case ("null", nil): self = .null
        case ("pulse", let name): self = .pulse(name: name)
        case ("tone", let arguments?): self.init(tone: arguments)
        case ("wav", let path?) where path.hasSuffix(",once"):
            self = .wav(path: String(path.dropLast(",once".count)), repeats: false)
        case ("wav", let path?): self = .wav(path: path, repeats: true)
        default: return nil
        }
    }

    private init?(tone arguments: String) {
        let numbers = arguments.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard 1...2 ~= numbers.count, let frequency = numbers[0], 20...20_000 ~= frequency,
            let level = numbers.count == 2 ? numbers[1] : -20, level <= 0
        else { return nil }
        self = .tone(frequency: frequency, level: level)
    }

    /// Opens the device for reading; `onChange` may be called from any thread.
    package func makeSource(
        onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSource {
        switch self {
        case .null: NullDevice()
        case .tone(let frequency, let level): ToneSource(frequency: frequency, level: level)
        case .wav(let path, let repeats): try WAVSource(path: path, repeats: repeats)
        case .pulse(let name): PulseSource(name: name, onChange: onChange)
        }
    }

    /// Opens the device for writing; `onChange` may be called from any thread.
    package func makeSink(
        onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSink {
        switch self {
        case .null: NullDevice()
        case .tone: throw .notASink
        case .wav(let path, _): try WAVSink(path: path)
        case .pulse(let name): PulseSink(name: name, onChange: onChange)
        }
    }
}
