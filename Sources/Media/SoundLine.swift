import Wire

/// Decoded sound on its way to the player, and the last of what was played, which stretching and joining look back to.
struct SoundLine: Sendable {
    /// The samples of the past that are kept: the longest pitch period and what it is compared over.
    static let history = 960
    /// What one step may add: the longest payload, and a period put in.
    private static let maximumPayload = 5_760
    private static let maximumStep = maximumPayload + TimeStretch.maximumPeriod
    /// With some frames' room to go on before all is moved to the front again.
    private static let capacity = history + 8 * 960 + maximumStep

    private var samples = [Int16](repeating: 0, count: capacity)
    /// Where what is still to be played begins and ends.
    private var position = history
    private var end = history

    var count: Int { end - position }

    /// Adds what `fill` puts at the front of the room it is given, and says how much that is.
    mutating func append(_ fill: (inout MutableSpan<Int16>) -> Int) -> Int {
        makeRoom()
        let added = samples.withUnsafeMutableBufferPointer { [end] samples in
            var room = MutableSpan(_unsafeElements: samples[end..<end + Self.maximumPayload])
            return fill(&room)
        }
        end += min(added, Self.maximumPayload)
        return added
    }

    mutating func play(into frame: inout MutableSpan<Int16>, from start: Int) -> Int {
        let (first, played) = (position, min(count, frame.count - start))
        frame.replace(from: start, with: samples.span.extracting(first..<first + played))
        position = first + played
        return played
    }

    /// Whether the last samples are all zero.
    func isSilent(last count: Int) -> Bool {
        let line = samples.span
        for index in end - count..<end where line[index] != 0 { return false }
        return true
    }

    /// Shortens what was added last, by a period of the voice and at most by `limit`; gives how much was taken out.
    mutating func shorten(last added: Int, by limit: Int, leniently: Bool) -> Int {
        let removed = TimeStretch.shorten(&samples, joint: end - added, end: end, by: limit, leniently: leniently)
        end -= removed
        return removed
    }

    /// Prolongs what was added last by a period of the voice; gives how much was put in.
    mutating func prolong(last added: Int, by wanted: Int, leniently: Bool) -> Int {
        let inserted = TimeStretch.prolong(&samples, joint: end - added, end: end, by: wanted, leniently: leniently)
        end += inserted
        return inserted
    }

    private mutating func makeRoom() {
        guard end + Self.maximumStep > Self.capacity else { return }
        let (shift, end) = (position - Self.history, end)
        samples.withUnsafeMutableBufferPointer { samples in
            guard let start = samples.baseAddress else { return }
            start.update(from: start + shift, count: end - shift)
        }
        position -= shift
        self.end -= shift
    }
}
