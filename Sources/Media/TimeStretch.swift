/// Changes the length of speech without changing its pitch: a period of the voice is taken out or put in where the sound
/// before the cut and the sound after it are alike, and the two are faded into one another (WSOLA).
///
/// Works in place at 48 kHz, on sound whose past stands before it.
enum TimeStretch {
    /// 15 ms and 2.5 ms: voices from 67 to 400 Hz, or several periods of a higher one.
    static let maximumPeriod = 720
    private static let minimumPeriod = 120
    /// The length of the fade, and of what is compared on either side of the cut: 5 ms.
    private static let fade = 240
    private static let decimation = 6
    /// The least similarity of the two sides; the lower one for when time presses.
    private static let similarity: (normal: Float, lenient: Float) = (0.8, 0.5)
    /// A mean square below this is not heard, so any cut will do: −60 dB.
    private static let inaudible: Float = 1_000

    /// Takes out up to `limit` samples after `joint`.
    static func shorten(_ line: inout [Int16], joint: Int, end: Int, by limit: Int, leniently: Bool) -> Int {
        let longest = min(maximumPeriod, limit, end - joint - fade)
        guard longest >= minimumPeriod,
            let period = period(in: line, at: joint, direction: 1, upTo: longest, leniently: leniently, any: longest)
        else { return 0 }
        for index in 0..<fade {
            line[joint + index] = mixed(line[joint + index], line[joint + period + index], index)
        }
        for index in joint + fade..<end - period { line[index] = line[index + period] }
        return period
    }

    /// Puts in a period before `joint` once more; there is room behind `end`.
    static func prolong(_ line: inout [Int16], joint: Int, end: Int, by wanted: Int, leniently: Bool) -> Int {
        guard end - joint >= fade, joint >= maximumPeriod + fade, end + maximumPeriod <= line.count,
            let period = period(
                in: line, at: joint, direction: -1, upTo: maximumPeriod, leniently: leniently,
                any: max(fade, min(maximumPeriod, wanted)))
        else { return 0 }
        for index in stride(from: end - 1, through: joint, by: -1) { line[index + period] = line[index] }
        for index in joint..<joint + period { line[index] = line[index - period] }
        for index in 0..<min(fade, period) {
            line[joint + index] = mixed(line[joint + period + index], line[joint + index], index)
        }
        return period
    }

    /// The first sample fading into the second one.
    private static func mixed(_ first: Int16, _ second: Int16, _ index: Int) -> Int16 {
        let weight = Int32(index + 1)
        return Int16(
            truncatingIfNeeded: (Int32(first) * (Int32(fade) + 1 - weight) + Int32(second) * weight) / (Int32(fade) + 1)
        )
    }

    /// How far in the direction the sound is most like that around the joint; nil when it is nowhere. In silence that
    /// does not matter, and `any` is the answer.
    private static func period(
        in line: [Int16], at joint: Int, direction: Int, upTo longest: Int, leniently: Bool, any: Int
    ) -> Int? {
        let start = joint - fade
        guard meanSquare(line, from: start) > inaudible else { return any }
        var best: (period: Int, likeness: Float) = (minimumPeriod, -.infinity)
        var candidate = minimumPeriod
        while candidate <= longest {
            let likeness = likeness(line, start, start + direction * candidate, stride: decimation)
            if likeness > best.likeness { best = (candidate, likeness) }
            candidate += decimation
        }
        let coarse = best.period
        best.likeness = -.infinity
        for candidate in max(minimumPeriod, coarse - decimation)...min(longest, coarse + decimation) {
            let likeness = likeness(line, start, start + direction * candidate, stride: 1)
            if likeness > best.likeness { best = (candidate, likeness) }
        }
        return best.likeness >= (leniently ? similarity.lenient : similarity.normal) ? best.period : nil
    }

    /// The normalised correlation of two stretches, of every so many samples.
    private static func likeness(_ line: [Int16], _ first: Int, _ second: Int, stride: Int) -> Float {
        let (left, right) = (
            line.span.extracting(first..<first + 2 * fade), line.span.extracting(second..<second + 2 * fade)
        )
        var (product, leftEnergy, rightEnergy) = (Float(0), Float(1), Float(1))
        var index = 0
        while index < left.count {
            let (a, b) = (Float(left[index]), Float(right[index]))
            product += a * b
            leftEnergy += a * a
            rightEnergy += b * b
            index += stride
        }
        return product / (leftEnergy * rightEnergy).squareRoot()
    }

    private static func meanSquare(_ line: [Int16], from start: Int) -> Float {
        var sum: Float = 0
        for index in start..<start + 2 * fade { sum += Float(line[index]) * Float(line[index]) }
        return sum / Float(2 * fade)
    }
}
