/// Compresses frames at 48 kHz to G.711 at 8 kHz.
package struct G711Encoder: Sendable {
    private let law: G711
    private var decimator = Decimator(factor: G711.factor)
    private var narrow = [Int16](repeating: 0, count: G711.samplesPerFrame)

    init(_ law: G711) {
        self.law = law
    }

    /// The length of the payload now at the front of `payload`.
    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        decimator.process(frame, into: &narrow)
        for index in narrow.indices {
            payload[index] = law.compressed(narrow[index])
        }
        return narrow.count
    }
}

/// Expands G.711 at 8 kHz to frames at 48 kHz.
///
/// Concealment repeats the last frame and fades it out over 60 ms; Appendix I's pitch repetition is not done.
package struct G711Decoder: Sendable {
    private static let concealedFrames = 3

    private let law: G711
    private var interpolator = Interpolator(factor: G711.factor, capacity: G711.samplesPerFrame)
    private var narrow = [Int16](repeating: 0, count: G711.samplesPerFrame)
    private var framesMissed = 0

    init(_ law: G711) {
        self.law = law
    }

    /// A payload of another length than 20 ms is cut or filled up with silence.
    mutating func decode(_ payload: Span<UInt8>, into frame: inout MutableSpan<Int16>) {
        framesMissed = 0
        for index in narrow.indices {
            narrow[index] = index < payload.count ? law.expanded(payload[index]) : 0
        }
        interpolator.process(narrow, into: &frame)
    }

    mutating func conceal(into frame: inout MutableSpan<Int16>) {
        framesMissed = min(framesMissed + 1, Self.concealedFrames)
        let left = Int32(Self.concealedFrames + 1 - framesMissed)
        for index in narrow.indices {
            narrow[index] = framesMissed == Self.concealedFrames ? 0 : Int16(Int32(narrow[index]) * (left - 1) / left)
        }
        interpolator.process(narrow, into: &frame)
    }
}

extension G711 {
    fileprivate static let factor = 6
    fileprivate static let samplesPerFrame = AudioFormat.samplesPerFrame / factor
}
