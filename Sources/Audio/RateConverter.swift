/// Brings a stream of any usual rate to 48 kHz: ``LowPass``'s filter, its taps worked out for each place an output may
/// have between two inputs.
struct RateConverter: Sendable {
    /// In lowest terms, so many outputs come of so many inputs.
    private let outputs: Int
    private let inputs: Int
    /// How many inputs an output sees.
    private let width: Int
    /// By places, ``width`` each.
    private let taps: [Int16]
    /// How far the next output lies behind an input, in parts of 1/``outputs``.
    private var place = 0
    /// The last ``width`` inputs of the frame before, then those of the frame.
    private var line: [Int16]

    init(from sampleRate: Int) {
        let divisor = Self.greatestCommonDivisor(AudioFormat.sampleRate, sampleRate)
        outputs = AudioFormat.sampleRate / divisor
        inputs = sampleRate / divisor
        let scale = min(1, Double(outputs) / Double(inputs))
        width = 2 * Int((Double(LowPass.tapsPerPhase / 2) / scale).rounded(.up))
        taps = (0..<outputs).flatMap { [width, outputs] place in
            LowPass.taps(width, at: Double(place) / Double(outputs), scale: scale)
        }
        line = [Int16](repeating: 0, count: width + AudioFormat.samplesPerFrame * inputs / outputs + 1)
    }

    mutating func start() {
        place = 0
        line.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    /// Fills `frame`, of 20 ms at most, from the inputs that `next` gives.
    mutating func convert(
        _ frame: UnsafeMutableBufferPointer<Int16>, from next: (UnsafeMutableBufferPointer<Int16>) -> Void
    ) {
        let end = place + frame.count * inputs
        let used = end / outputs
        line.withUnsafeMutableBufferPointer { [place, inputs, outputs, width, taps] line in
            next(UnsafeMutableBufferPointer(rebasing: line[width..<width + used]))
            taps.withUnsafeBufferPointer { taps in
                for index in frame.indices {
                    let (first, place) = (place + index * inputs).quotientAndRemainder(dividingBy: outputs)
                    var sum = LowPass.half
                    for tap in 0..<width { sum &+= Int32(line[first + tap]) &* Int32(taps[place * width + tap]) }
                    frame[index] = Int16(clamping: sum >> LowPass.fractionBits)
                }
            }
            if let start = line.baseAddress { start.update(from: start + used, count: width) }
        }
        place = end % outputs
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
