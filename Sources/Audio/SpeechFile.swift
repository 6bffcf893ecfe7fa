/// What a recording becomes: frames of 20 ms of interleaved channels at 48 kHz go in.
protocol SpeechFile: AnyObject {
    /// Takes a frame, which may wait in memory for the next ``flush()``.
    func append(_ frame: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure)

    /// Hands everything to the system.
    func flush() throws(OutputFile.Failure)

    /// The last word; `silence` is a frame without sound.
    func finish(silence: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure)
}

/// A WAV file at 16 kHz: all that a telephone carries, a third of what 48 kHz would take.
final class SpeechWAVFile: SpeechFile {
    private static let factor = 3
    private static let samplesPerFrame = AudioFormat.samplesPerFrame / factor
    /// Hours without a frame become silence all at once.
    private static let mostWaiting = 2 * AudioFormat.sampleRate

    private let file: WAVFile
    private let channels: Int
    private var decimators: [Decimator]
    private var waiting: [Int16] = []
    private var channel = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var decimated = [Int16](repeating: 0, count: samplesPerFrame)

    init(_ file: consuming OutputFile, channels: Int) throws(OutputFile.Failure) {
        let format = WAVFormat(channels: channels, sampleRate: AudioFormat.sampleRate / Self.factor)
        self.file = try WAVFile(file, format)
        self.channels = channels
        decimators = (0..<channels).map { _ in Decimator(factor: Self.factor) }
    }

    func append(_ frame: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {
        let start = waiting.count
        waiting += repeatElement(0, count: channels * Self.samplesPerFrame)
        for number in 0..<channels {
            for index in channel.indices { channel[index] = frame[index * channels + number] }
            decimators[number].process(channel.span, into: &decimated)
            for index in decimated.indices { waiting[start + index * channels + number] = decimated[index] }
        }
        if waiting.count >= Self.mostWaiting { try flush() }
    }

    func flush() throws(OutputFile.Failure) {
        try file.append(waiting[...])
        waiting.removeAll(keepingCapacity: true)
    }

    func finish(silence: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {
        try flush()
    }
}
