/// Makes up speech that was lost, for codecs that cannot themselves: ITU-T G.711 Appendix I.
///
/// The last period of the voice is repeated, after 10 and 20 ms the last two and three of them so that it does not sound like
/// a machine, fading from 10 ms on to silence at 60 ms; where the real speech comes back, it is faded into. Everything comes
/// out 3.75 ms late, so that the sound before a gap can be joined to the first period.
///
/// Deviation: gaps need not be multiples of 10 ms.
struct PitchConcealment: Sendable {
    /// Samples in 10 ms.
    private let block: Int
    /// The longest overlap, a quarter of the longest period; also the delay.
    private let longestOverlap: Int
    private let longestPeriod: Int
    /// The last three of the longest periods, and what has not come out yet.
    private var history: [Int16]

    /// How many samples have been made up in this gap.
    private var concealed = 0
    private var period = 0
    /// The last of ``history`` when the gap began, and the end of it as it was then.
    private var pitch: [Float]
    private var lastQuarter: [Float]
    /// How much of the end of ``pitch`` is repeated, and how far it is.
    private var length = 0
    private var offset = 0
    /// Scratch: what is faded out at a join.
    private var fading: [Float]

    init(sampleRate: Int) {
        block = sampleRate / 100
        longestPeriod = block * 3 / 2
        longestOverlap = longestPeriod / 4
        history = [Int16](repeating: 0, count: 3 * longestPeriod + longestOverlap)
        pitch = [Float](repeating: 0, count: history.count)
        lastQuarter = [Float](repeating: 0, count: longestOverlap)
        fading = [Float](repeating: 0, count: block)
    }

    private var overlap: Int { period / 4 }

    /// How many of the latest samples are known, those that have not come out yet among them; the latest has an age of 1.
    var memory: Int { history.count }

    func latest(_ age: Int) -> Int16 { history[history.count - age] }

    /// Takes in what was received, and gives it back a little late.
    mutating func receive(_ samples: inout [Int16]) {
        var start = 0
        while start < samples.count {
            let count = min(block, samples.count - start)
            if concealed > 0 { resume(with: &samples, from: start, count: count) }
            delay(&samples, from: start, count: count)
            start += count
        }
    }

    /// Puts `samples.count` samples in place of what was lost.
    mutating func conceal(_ samples: inout [Int16]) {
        var start = 0
        while start < samples.count {
            let count = min(block - concealed % block, samples.count - start)
            makeUp(&samples, from: start, count: count)
            delay(&samples, from: start, count: count)
            start += count
        }
    }

    private mutating func makeUp(_ samples: inout [Int16], from start: Int, count: Int) {
        var joined = 0
        switch concealed {
        case 0: begin()
        case block, 2 * block: joined = lengthen(upTo: count)
        default: break
        }
        for index in 0..<count {
            var sample = nextOfPitch()
            if index < joined {
                let weight = Float(index + 1) / Float(joined + 1)
                sample = fading[index] * (1 - weight) + sample * weight
            }
            samples[start + index] = Int16(clamping: Int((sample * gain(at: concealed + index)).rounded()))
        }
        concealed += count
    }

    /// Finds the period, and fades what has not come out yet into what comes before the period.
    private mutating func begin() {
        for index in history.indices { pitch[index] = Float(history[index]) }
        period = findPeriod()
        let end = pitch.count
        for index in 0..<overlap { lastQuarter[index] = pitch[end - overlap + index] }
        length = period
        offset = 0
        joinEnd()
        for index in end - overlap..<end { history[index] = Int16(clamping: Int(pitch[index].rounded())) }
    }

    /// Makes the end of what is repeated lead into its beginning.
    private mutating func joinEnd() {
        let (end, before) = (pitch.count - overlap, pitch.count - length - overlap)
        for index in 0..<overlap {
            let weight = Float(index + 1) / Float(overlap + 1)
            pitch[end + index] = lastQuarter[index] * (1 - weight) + pitch[before + index] * weight
        }
    }

    /// Repeats one period more from now on; gives for how long what would have been is to be faded out.
    private mutating func lengthen(upTo count: Int) -> Int {
        let saved = offset
        let joined = min(overlap, count)
        for index in 0..<joined { fading[index] = nextOfPitch() }
        offset = saved % period
        length = min(length + period, pitch.count - overlap)
        joinEnd()
        return joined
    }

    private mutating func nextOfPitch() -> Float {
        defer { offset = offset + 1 == length ? 0 : offset + 1 }
        return pitch[pitch.count - length + offset]
    }

    private func gain(at index: Int) -> Float {
        max(0, min(1, 1 - Float(index - block) / Float(5 * block)))
    }

    /// Fades from what goes on being made up to what was received: the longer, the longer the gap was.
    private mutating func resume(with samples: inout [Int16], from start: Int, count: Int) {
        let blocks = (concealed + block - 1) / block
        let fade = min(count, overlap + (blocks - 1) * (block * 2 / 5))
        for index in 0..<fade {
            let weight = Float(index + 1) / Float(fade + 1)
            let sample =
                nextOfPitch() * gain(at: concealed + index) * (1 - weight) + Float(samples[start + index]) * weight
            samples[start + index] = Int16(clamping: Int(sample.rounded()))
        }
        concealed = 0
    }

    /// Puts samples behind the history and gives what comes out of it in their place.
    private mutating func delay(_ samples: inout [Int16], from start: Int, count: Int) {
        history.withUnsafeMutableBufferPointer { [longestOverlap] history in
            samples.withUnsafeMutableBufferPointer { samples in
                guard let known = history.baseAddress, let given = samples.baseAddress else { return }
                let (taken, end) = (given + start, history.count)
                known.update(from: known + count, count: end - count)
                (known + (end - count)).update(from: taken, count: count)
                taken.update(from: known + (end - longestOverlap - count), count: count)
            }
        }
    }

    /// The lag at which the last 20 ms are most like those before them: every other one first, then those around the best.
    private func findPeriod() -> Int {
        let shortest = block / 2
        let coarse = bestPeriod(among: stride(from: longestPeriod, through: shortest, by: -2), step: 2)
        let (longest, least) = (min(longestPeriod, coarse + 1), max(shortest, coarse - 1))
        return bestPeriod(among: stride(from: longest, through: least, by: -1), step: 1)
    }

    private func bestPeriod(among lags: StrideThrough<Int>, step: Int) -> Int {
        let (window, end) = (2 * block, pitch.count)
        var best = (lag: longestPeriod, likeness: -Float.infinity)
        for lag in lags {
            var (product, energy) = (Float(0), Float(0))
            var index = end - window
            while index < end {
                product += pitch[index] * pitch[index - lag]
                energy += pitch[index - lag] * pitch[index - lag]
                index += step
            }
            // Beneath this the sound is too faint for its energy to tell anything.
            let likeness = product / max(energy, 250 * Float(window / step)).squareRoot()
            if likeness >= best.likeness { best = (lag, likeness) }
        }
        return best.lag
    }
}
