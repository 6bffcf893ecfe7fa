import Glibc
import Wire

/// Plays a WAV file of 8, 16 or 48 kHz, over and over or once; the whole file is read and resampled beforehand.
package final class WAVSource: FiniteSource, @unchecked Sendable {
    /// Ten minutes, read into memory.
    private static let maximumSamples = 600 * AudioFormat.sampleRate

    private let samples: [Int16]
    private let repeats: Bool
    private var position = 0

    package init(path: String, repeats: Bool) throws(AudioDevice.Failure) {
        samples = try Self.samples(ofFile: try Self.contents(of: path))
        self.repeats = repeats
    }

    package var isOver: Bool { !repeats && position == samples.count }

    /// Starts from the beginning.
    package func start() {
        position = 0
    }

    package func stop() {}

    package func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices {
            if position == samples.count, repeats { position = 0 }
            guard position < samples.count else {
                frame[index] = 0
                continue
            }
            frame[index] = samples[position]
            position += 1
        }
    }

    private static func contents(of path: String) throws(AudioDevice.Failure) -> [UInt8] {
        let limit = maximumSamples * 4 + 65_536
        guard let file = fopen(path, "rb") else { throw .unreadableFile }
        defer { fclose(file) }
        guard fseek(file, 0, SEEK_END) == 0, case let size = ftell(file), size >= 0 else { throw .unreadableFile }
        guard size <= limit else { throw .unsupportedFile }
        rewind(file)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = fread(buffer.baseAddress, 1, size, file)
        }
    }

    /// Mono at 48 kHz; the channels of a stereo file are averaged.
    private static func samples(ofFile file: [UInt8]) throws(AudioDevice.Failure) -> [Int16] {
        guard let (format, data) = try? WAVFormat.parse(file.span) else { throw .unsupportedFile }
        let bytes = file[data]
        let frameLength = 2 * format.channels
        let mono = stride(from: bytes.startIndex, to: bytes.endIndex - frameLength + 1, by: frameLength).map { start in
            let sum = stride(from: start, to: start + frameLength, by: 2).reduce(0) { sum, index in
                sum + Int(Int16(truncatingIfNeeded: Int(bytes[index]) | Int(bytes[index + 1]) << 8))
            }
            return Int16(sum / format.channels)
        }
        return try resampled(mono, from: format.sampleRate)
    }

    private static func resampled(_ mono: [Int16], from sampleRate: Int) throws(AudioDevice.Failure) -> [Int16] {
        guard sampleRate > 0, [8_000, 16_000, 48_000].contains(sampleRate) else { throw .unsupportedFile }
        let factor = AudioFormat.sampleRate / sampleRate
        guard !mono.isEmpty, mono.count <= maximumSamples / factor else { throw .unsupportedFile }
        guard factor > 1 else { return mono }
        var interpolator = Interpolator(factor: factor, capacity: mono.count)
        var output = [Int16](repeating: 0, count: mono.count * factor)
        var span = output.mutableSpan
        interpolator.process(mono, into: &span)
        return output
    }
}
