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

/// Expands G.722 to samples at 48 kHz, and conceals as G.711 does at twice the rate; what is made up passes through the codec.
package struct G722Decoder: Sendable {
    private var decoder = G722.Decoder()
    private var interpolator = Interpolator(factor: G722.factor, capacity: AudioDecoder.maximumSamples / G722.factor)
    private var concealment = PitchConcealment(sampleRate: AudioFormat.sampleRate / G722.factor)
    private var wide: [Int16] = []

    init() {
        wide.reserveCapacity(AudioDecoder.maximumSamples / G722.factor)
    }

    /// The count of samples now at the front of `samples`; what exceeds 120 ms is cut off.
    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        wide.removeAll(keepingCapacity: true)
        for index in 0..<min(payload.count, samples.count / (2 * G722.factor)) {
            let (first, second) = decoder.decode(payload[index])
            wide.append(first)
            wide.append(second)
        }
        concealment.receive(&wide)
        return widen(into: &samples)
    }

    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        silence(count, within: samples.count)
        concealment.conceal(&wide)
        let made = min(wide.count, concealment.memory)
        for age in stride(from: made, to: 0, by: -2) where age > 1 {
            decoder.follow(concealment.latest(age), concealment.latest(age - 1))
        }
        return widen(into: &samples)
    }

    mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        silence(count, within: samples.count)
        concealment.receive(&wide)
        return widen(into: &samples)
    }

    private mutating func silence(_ count: Int, within room: Int) {
        wide.removeAll(keepingCapacity: true)
        wide.append(contentsOf: repeatElement(0, count: min(count, room) / G722.factor))
    }

    private mutating func widen(into samples: inout MutableSpan<Int16>) -> Int {
        interpolator.process(wide, into: &samples)
        return wide.count * G722.factor
    }
}

extension G722 {
    fileprivate static let factor = 3
    fileprivate static let samplesPerFrame = AudioFormat.samplesPerFrame / factor
}
