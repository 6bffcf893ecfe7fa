/// Makes up for two clocks that differ, that of the sound card and that of the calls: samples are taken at the pace of one
/// and given at that of the other, a little fewer or more, by a cubic through the four around each.
///
/// How far the clocks are apart shows in how many samples wait between them. An oscillator's error of 100 ppm shifts that
/// by 0.4 ms; steps of the clock beyond ``limit`` are left to whoever drops or makes up samples.
struct ClockDrift: Sendable {
    /// What it makes up for at most, 1 being the whole rate.
    private static let limit = 0.004
    /// Within how many samples a deviation is made up for: four seconds. What waits at first beyond the target is delay.
    private static let patience = 4.0 * Double(AudioFormat.sampleRate)
    /// Over how many frames, about, deviations are averaged.
    private static let frames = 64.0
    private static let fractionBits = 32
    private static let whole = 1 << fractionBits

    /// How many samples shall wait.
    private let target: Double
    private var deviation = 0.0
    /// How far the next output lies behind the second of ``line``, and the distance between outputs, in fixed point.
    private var position = 0
    private var step = whole
    private var line: (Float, Float, Float, Float) = (0, 0, 0, 0)

    init(target: Int) {
        self.target = Double(target)
    }

    /// Parts per million by which more is taken than given.
    var correction: Double { (Double(step) / Double(Self.whole) - 1) * 1e6 }

    /// Says, once a frame, how many samples wait.
    mutating func note(waiting count: Int) {
        deviation += (Double(count) - target - deviation) / Self.frames
        let correction = min(max(deviation / Self.patience, -Self.limit), Self.limit)
        step = Int(Double(Self.whole) * (1 + correction))
    }

    /// Forgets what it has seen, after an interruption.
    mutating func reset() {
        deviation = 0
        step = Self.whole
    }

    /// How many samples of input the next `count` of output take.
    func needed(for count: Int) -> Int {
        (position + (count - 1) * step) >> Self.fractionBits
    }

    /// Turns all of `input` into output; says how much that is. `output` has to hold a few samples more than `input`.
    mutating func stretch(_ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>) -> Int {
        var (taken, given) = (0, 0)
        while true {
            while position >= Self.whole {
                guard taken < input.count else { return given }
                push(input[taken])
                taken += 1
            }
            guard given < output.count else { return given }
            output[given] = sample
            given += 1
            position += step
        }
    }

    /// Fills `output` from ``needed(for:)`` samples.
    mutating func fill(_ output: UnsafeMutableBufferPointer<Int16>, from input: UnsafeBufferPointer<Int16>) {
        var taken = 0
        for index in output.indices {
            while position >= Self.whole {
                push(taken < input.count ? input[taken] : 0)
                taken += 1
            }
            output[index] = sample
            position += step
        }
    }

    private mutating func push(_ sample: Int16) {
        line = (line.1, line.2, line.3, Float(sample))
        position -= Self.whole
    }

    /// Catmull and Rom's spline between the second and the third.
    private var sample: Int16 {
        let (a, b, c, d) = line
        let x = Float(position) / Float(Self.whole)
        let cubic = (3 * (b - c) + d - a) * x + 2 * a - 5 * b + 4 * c - d
        return Int16(max(-32_768, min(32_767, (b + 0.5 * x * (c - a + x * cubic)).rounded())))
    }
}
