import Foundation

/// A WAV file of 16 bits, as any reader would see it.
struct RecordedWAV {
    let sampleRate: Int
    /// One array a channel, samples from -1 to 1.
    let channels: [[Double]]

    /// Nil when there is none or its header does not fit it.
    init?(_ path: String) {
        guard let file = FileManager.default.contents(atPath: path).map({ [UInt8]($0) }), file.count >= 44 else {
            return nil
        }
        func number(_ start: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(file[start + $1]) << (8 * $1) }
        }
        guard file.starts(with: Array("RIFF".utf8)), number(40, 4) == file.count - 44, number(34, 2) == 16 else {
            return nil
        }
        let count = number(22, 2)
        sampleRate = number(24, 4)
        var channels = [[Double]](repeating: [], count: count)
        for start in stride(from: 44, to: file.count - 1, by: 2) {
            let sample = Int16(truncatingIfNeeded: number(start, 2))
            channels[(start - 44) / 2 % count].append(Double(sample) / 32_768)
        }
        self.channels = channels
    }

    /// One channel without a header.
    init(raw: Data, sampleRate: Int) {
        let bytes = [UInt8](raw)
        self.sampleRate = sampleRate
        channels = [
            stride(from: 0, to: bytes.count - 1, by: 2).map { start in
                Double(Int16(bitPattern: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8)) / 32_768
            }
        ]
    }

    var seconds: Double { Double(channels[0].count) / Double(sampleRate) }

    /// The amplitude of a frequency in a channel (Goertzel's sum over pieces of 100 ms), the largest there is.
    func amplitude(of frequency: Double, in channel: Int) -> Double {
        let length = sampleRate / 10
        let samples = channels[channel]
        return stride(from: 0, to: samples.count - length + 1, by: length).map { start in
            var (real, imaginary) = (0.0, 0.0)
            for index in 0..<length {
                let angle = 2 * .pi * frequency * Double(index) / Double(sampleRate)
                real += samples[start + index] * cos(angle)
                imaginary += samples[start + index] * sin(angle)
            }
            return 2 * (real * real + imaginary * imaginary).squareRoot() / Double(length)
        }.max() ?? 0
    }
}
