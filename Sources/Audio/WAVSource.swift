import Glibc
import Wire

/// Plays a WAV file over and over or once; the whole file is read beforehand, and brought to 48 kHz as it is played.
package final class WAVSource: FiniteSource, @unchecked Sendable {
    private static let longest = 600
    private static let sampleRates = 8_000...192_000
    /// Ten minutes in stereo.
    private static let largest = longest * AudioFormat.sampleRate * 4 + 65_536

    /// Mono, at the file's own rate.
    private let samples: [Int16]
    private let repeats: Bool
    /// Nil where the rate is 48 kHz.
    private var converter: RateConverter?
    private var position = 0

    package init(path: String, repeats: Bool) throws(AudioDevice.Failure) {
        let (samples, sampleRate) = try Self.samples(ofFile: try Self.contents(of: path))
        self.samples = samples
        self.repeats = repeats
        if sampleRate != AudioFormat.sampleRate { converter = RateConverter(from: sampleRate) }
    }

    package var isOver: Bool { !repeats && position == samples.count }

    /// Starts from the beginning.
    package func start() {
        position = 0
        converter?.start()
    }

    package func stop() {}

    package func read(into frame: inout MutableSpan<Int16>) {
        frame.withUnsafeMutableBufferPointer { frame in
            guard converter != nil else { return fill(frame) }
            converter?.convert(frame) { line in fill(line) }
        }
    }

    /// After the end of what is played once there is silence.
    private func fill(_ line: UnsafeMutableBufferPointer<Int16>) {
        for index in line.indices {
            if position == samples.count, repeats { position = 0 }
            guard position < samples.count else {
                line[index] = 0
                continue
            }
            line[index] = samples[position]
            position += 1
        }
    }

    private static func contents(of path: String) throws(AudioDevice.Failure) -> [UInt8] {
        // A pipe is not waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadableFile(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadableFile(reason: "it is no file")
        }
        guard status.st_size <= largest else { throw .unsupportedFile }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let length = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                guard length > 0 else { break }
                count += length
            }
        }
    }

    /// The channels are averaged.
    private static func samples(ofFile file: [UInt8]) throws(AudioDevice.Failure) -> ([Int16], sampleRate: Int) {
        guard let (format, data) = try? WAVFormat.parse(file.span), sampleRates.contains(format.sampleRate) else {
            throw .unsupportedFile
        }
        let count = data.count / format.samples.octets / format.channels
        guard 1...longest * format.sampleRate ~= count else { throw .unsupportedFile }
        var mono: [Int16] = []
        mono.reserveCapacity(count)
        var (sum, channel) = (0, 0)
        format.samples.forEach(in: file.span.extracting(data)) { sample in
            sum += sample
            channel += 1
            guard channel == format.channels else { return }
            mono.append(Int16(clamping: sum / format.channels))
            (sum, channel) = (0, 0)
        }
        return (mono, format.sampleRate)
    }
}
