import Glibc

/// What a seat's microphone or loudspeaker is, as configured: `null`, `tone:440`, `tone:440,-20`, `wav:/a/file.wav`,
/// `wav:/a/file.wav,once`, `pulse`, `pulse:a-device` or `pulse:a-device,another,default`.
package enum AudioDevice: Hashable, Sendable {
    case null
    /// A sine of `frequency` hertz whose amplitude is `level` decibels relative to full scale.
    case tone(frequency: Double, level: Double)
    case wav(path: String, repeats: Bool)
    /// The first of these devices that the sound server has; ``SoundCatalogue/defaultName`` is its default one.
    case pulse(names: [String])

    /// How a device fares; a device that is away gives silence and comes back by itself.
    package enum Condition: Hashable, Sendable {
        case ready
        case unavailable(reason: String)
    }

    package enum Failure: Error, Hashable {
        case unreadableFile(reason: String)
        /// No WAV file of a coding and a rate that ``WAVSource`` knows, empty, or longer than ten minutes.
        case unsupportedFile
        case unwritableFile(reason: String)
        /// Nobody has connected to a sound server.
        case noSoundServer
        /// A tone was asked to be a sink.
        case notASink

        package var text: String {
            switch self {
            case .unreadableFile(let reason): "it cannot be read: \(reason)"
            case .unsupportedFile: "it is no WAV file of up to ten minutes, PCM, float or G.711 at 8 to 192 kHz"
            case .unwritableFile(let reason): "it cannot be written: \(reason)"
            case .noSoundServer: "there is no sound server"
            case .notASink: "a tone is no loudspeaker"
            }
        }
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.dropFirst().first) {
        case ("null", nil): self = .null
        case ("pulse", nil): self = .pulse
        case ("pulse", let list?): self.init(names: list)
        case ("tone", let arguments?): self.init(tone: arguments)
        case ("wav", let path?) where path.hasSuffix(",once"):
            self = .wav(path: String(path.dropLast(",once".count)), repeats: false)
        case ("wav", let path?) where !path.isEmpty: self = .wav(path: path, repeats: true)
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

    private init?(names list: String) {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else { return nil }
        self = .pulse(names: names)
    }

    /// The sound server's default device.
    package static let pulse = AudioDevice.pulse(names: [SoundCatalogue.defaultName])

    /// What the sound server is to look for; nil when the device is not one of its.
    package var preferences: [String]? {
        if case .pulse(let names) = self { names } else { nil }
    }

    /// Whether a file can be read, or written if it is a sink; what is no file can be opened at any time.
    package func check(isSink: Bool) throws(Failure) {
        guard case .wav(let path, let repeats) = self else { return }
        guard isSink else { return _ = try WAVSource(path: path, repeats: repeats) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
        guard access(folder, W_OK | X_OK) == 0 else { throw .unwritableFile(reason: String(cString: strerror(errno))) }
    }

    /// Opens the device for reading; of the sound server, its microphone. `onChange` may be called from any thread.
    package func makeSource(
        on server: SoundServer? = nil, onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSource {
        switch self {
        case .null: NullDevice()
        case .tone(let frequency, let level): ToneSource(frequency: frequency, level: level)
        case .wav(let path, let repeats): try WAVSource(path: path, repeats: repeats)
        case .pulse: try PulseSource(on: unwrapped(server), onChange: onChange)
        }
    }

    /// Opens the device for writing; of the sound server, the speaker or the ringer. `onChange` may be called from any thread.
    package func makeSink(
        _ role: SoundRole = .speaker, on server: SoundServer? = nil,
        onChange: @escaping @Sendable (Condition) -> Void = { _ in }
    ) throws(Failure) -> any AudioSink {
        switch self {
        case .null: NullDevice()
        case .tone: throw .notASink
        case .wav(let path, _): try WAVSink(path: path)
        case .pulse: try PulseSink(role, on: unwrapped(server), onChange: onChange)
        }
    }

    private func unwrapped(_ server: SoundServer?) throws(Failure) -> SoundServer {
        guard let server else { throw .noSoundServer }
        return server
    }
}
