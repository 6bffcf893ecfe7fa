/// Compresses sound at 48 kHz to G.722 at 64 kbit/s, in steps of 10 ms.
package struct G722Encoder: Sendable {
    private var decimator = Decimator(factor: G722.factor)
    private var wide = [Int16](repeating: 0, count: G722.samplesPerFrame / 2)
    private var encoder = G722.Encoder()

    init() {}

    /// The length of the payload now at the front of `payload`.
    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        var length = 0
        for start in stride(from: 0, to: frame.count, by: wide.count * G722.factor) {
            decimator.process(frame.extracting(start..<start + wide.count * G722.factor), into: &wide)
            for index in stride(from: 0, to: wide.count, by: 2) {
                payload[length] = encoder.encode(wide[index], wide[index + 1])
                length += 1
            }
        }
        return length
    }
}

/// Expands G.722 to samples at 48 kHz.
///
/// Concealment repeats the last 20 ms and fades them out over 60 ms.
package struct G722Decoder: Sendable {
    private static let fade: Int32 = 960

    private var decoder = G722.Decoder()
    private var interpolator = Interpolator(factor: G722.factor, capacity: AudioDecoder.maximumSamples / G722.factor)
    private var wide: [Int16] = []
    /// The last samples that were received, the oldest at ``oldest``.
    private var history = [Int16](repeating: 0, count: G722.samplesPerFrame)
    private var oldest = 0
    private var concealed: Int32 = 0

    init() {
        wide.reserveCapacity(AudioDecoder.maximumSamples / G722.factor)
    }

    /// The count of samples now at the front of `samples`; what exceeds 120 ms is cut off.
    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        concealed = 0
        wide.removeAll(keepingCapacity: true)
        for index in 0..<min(payload.count, samples.count / (2 * G722.factor)) {
            let (first, second) = decoder.decode(payload[index])
            note(first)
            note(second)
        }
        interpolator.process(wide, into: &samples)
        return wide.count * G722.factor
    }

    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        wide.removeAll(keepingCapacity: true)
        for index in 0..<min(count, samples.count) / G722.factor {
            let sample = Int32(history[(oldest + index) % history.count])
            wide.append(Int16(sample * (Self.fade - concealed) / Self.fade))
            concealed = min(concealed + 1, Self.fade)
        }
        interpolator.process(wide, into: &samples)
        return wide.count * G722.factor
    }

    private mutating func note(_ sample: Int16) {
        wide.append(sample)
        history[oldest] = sample
        oldest = (oldest + 1) % history.count
    }
}

extension G722 {
    fileprivate static let factor = 3
    fileprivate static let samplesPerFrame = AudioFormat.samplesPerFrame / factor
}
