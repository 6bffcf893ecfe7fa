/// Compresses sound at 48 kHz to G.711 at 8 kHz, in steps of 10 ms.
package struct G711Encoder: Sendable {
    private let compression: [UInt8]
    private let droppedBits: Int
    private var decimator = Decimator(factor: G711.factor)
    private var narrow = [Int16](repeating: 0, count: G711.samplesPerFrame / 2)

    init(_ law: G711) {
        compression = law.compression
        droppedBits = law.droppedBits
    }

    /// The length of the payload now at the front of `payload`.
    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        var length = 0
        for start in stride(from: 0, to: frame.count, by: narrow.count * G711.factor) {
            decimator.process(frame.extracting(start..<start + narrow.count * G711.factor), into: &narrow)
            let (samples, compression) = (narrow.span, compression.span)
            for index in samples.indices {
                payload[length + index] = compression[(Int(samples[index]) + 0x8000) >> droppedBits]
            }
            length += samples.count
        }
        return length
    }
}

/// Expands G.711 at 8 kHz to samples at 48 kHz, and conceals after Appendix I.
package struct G711Decoder: Sendable {
    private let expansion: [Int16]
    private var interpolator = Interpolator(
        factor: G711.factor, capacity: AudioDecoder.maximumSamples / G711.factor)
    private var concealment = PitchConcealment(sampleRate: AudioFormat.sampleRate / G711.factor)
    private var narrow: [Int16] = []

    init(_ law: G711) {
        expansion = law.expansion
        narrow.reserveCapacity(AudioDecoder.maximumSamples / G711.factor)
    }

    /// The count of samples now at the front of `samples`; what exceeds 120 ms is cut off.
    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        let octets = payload.extracting(first: samples.count / G711.factor)
        makeRoom(octets.count)
        let expansion = expansion
        var expanded = narrow.mutableSpan
        for index in octets.indices { expanded[index] = expansion[Int(octets[unchecked: index])] }
        concealment.receive(&narrow)
        return widen(into: &samples)
    }

    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        makeRoom(min(count, samples.count) / G711.factor)
        concealment.conceal(&narrow)
        return widen(into: &samples)
    }

    mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        silence(min(count, samples.count) / G711.factor)
        concealment.receive(&narrow)
        return widen(into: &samples)
    }

    private mutating func makeRoom(_ count: Int) {
        guard narrow.count != count else { return }
        silence(count)
    }

    private mutating func silence(_ count: Int) {
        narrow.removeAll(keepingCapacity: true)
        narrow.append(contentsOf: repeatElement(0, count: count))
    }

    private mutating func widen(into samples: inout MutableSpan<Int16>) -> Int {
        interpolator.process(narrow, into: &samples)
        return narrow.count * G711.factor
    }
}

extension G711 {
    fileprivate static let factor = 6
    fileprivate static let samplesPerFrame = AudioFormat.samplesPerFrame / factor
}
