import Wire

/// How much longer packets take than the fastest of late, and for how long sound is to be held because of it.
///
/// A transit is the time of arrival less the time of the timestamp, so only differences mean something. Transits are counted
/// in a histogram that forgets, and the target is what nearly all of them stay below: it follows a packet that is later than
/// that at once, and forgets it within some seconds. What many packets had is forgotten as soon as it is over: when of a hundred
/// in a row none is late enough, of which each had a chance of one in five. All times are in nanoseconds.
struct DelayEstimate: Sendable {
    private static let minimum: Int64 = 20_000_000
    private static let maximum: Int64 = 400_000_000
    /// Half a frame.
    private static let latitude: Int64 = 10_000_000
    /// What even the packets of an even network have left when they are asked for.
    private static let reserve: Int64 = 5_000_000
    /// Until packets say something else.
    private static let initial: Int64 = 40_000_000

    private static let bucket: Int64 = 5_000_000
    private static let bucketCount = [100 of Float].count
    /// The share of packets that may be later than the target.
    private static let tolerated: Float = 0.01
    /// What a packet beyond the target counts for at least.
    private static let surprise: Float = 0.015
    /// How much of the past a packet leaves.
    private static let memory: Float = 0.997
    /// The share of the packets that are late, and how many others in a row say that there are no such packets any more: where
    /// lateness is chance, that happens once in five thousand millions; where it comes in bursts, a burst that follows a longer
    /// calm is met anew.
    private static let late: Float = 0.2
    private static let calmRun = 100
    /// The fastest packet is looked for in one to two of these.
    private static let window = Duration.seconds(4)

    /// The shares of the packets, by their transit from the origin on; the last one holds all that are longer.
    private var shares: [100 of Float] = .init(repeating: 0)
    private var packets: Float = 0
    /// Where the first bucket begins; nil before the first packet and after a new start.
    private var origin: Int64?
    private var fastest: (before: Int64, now: Int64) = (0, 0)
    private var windowEndsAt = Instant(nanoseconds: 0)
    /// Whether the fastest packet is still looked for since a new start, while what is known of jitter is from before.
    private var isAnew = false
    /// The bucket nearly all packets stay below the end of, and the one where the late ones begin.
    private var quantile = 0
    private var lateness = 0
    /// How many packets in a row have not been late, and the greatest bucket of the second half of them.
    private var calm = (packets: 0, bucket: 0)

    /// Held on top of what the transits ask for.
    var margin: Int64 = 0

    init() {
        quantile = Int(Self.initial / Self.bucket) - 1
        shares[quantile] = 1
    }

    /// The transit that sound should have had when it is played; nil before the first packet.
    var target: Int64? { transit(notBelow: Self.minimum) }

    /// The least transit the first sound may be played at: that happens at the beginning of a frame, so the target is met on
    /// average, unless it is too soon for the jitter.
    var beginning: Int64? { transit(notBelow: Self.minimum - Self.latitude) }

    /// The transit by which nearly all packets are there.
    var soonest: Int64? { transit(notBelow: Self.reserve) }

    @inline(__always)
    private func transit(notBelow minimum: Int64) -> Int64? {
        guard let origin, let base else { return nil }
        let wanted = origin + Int64(quantile + 1) * Self.bucket + margin
        return min(max(wanted, base + minimum), base + Self.maximum)
    }

    /// The target beyond the fastest packet.
    @inline(__always)
    var delay: Int64 {
        guard let target, let base else { return Self.initial }
        return target - base
    }

    var targetDelay: Duration { .nanoseconds(delay) }

    /// The transit of the fastest packet.
    private var base: Int64? { origin == nil ? nil : min(fastest.before, fastest.now) }

    /// Makes the next packet the fastest one: timestamps, or the path, began anew. What is known of jitter remains.
    mutating func restart() {
        origin = nil
    }

    mutating func note(transit: Int64, at now: Instant) {
        follow(transit, at: now)
        guard let origin else { return }
        let index = Int(min(Int64(Self.bucketCount - 1), max(0, (transit - origin) / Self.bucket)))
        let isBeyond = index > quantile
        packets += 1
        let kept = min(Self.memory, packets / (packets + 1))
        forget(keeping: kept)
        shares[index] += 1 - kept
        if isBeyond { emphasise(index) }
        noticeCalm(index)
        findQuantiles()
    }

    private mutating func noticeCalm(_ index: Int) {
        guard index < lateness else {
            calm = (0, 0)
            return
        }
        calm = (calm.packets + 1, calm.packets < Self.calmRun / 2 ? 0 : max(calm.bucket, index))
        guard calm.packets == Self.calmRun else { return }
        for later in calm.bucket + 1..<Self.bucketCount { shares[later] = 0 }
        let rest = share(from: 0)
        forget(keeping: 1 / rest)
        calm = (0, 0)
    }

    /// Keeps the origin within a bucket below the fastest packet.
    private mutating func follow(_ transit: Int64, at now: Instant) {
        guard let origin else {
            origin = transit
            fastest = (transit, transit)
            windowEndsAt = now + Self.window
            isAnew = packets > 0
            return
        }
        if now >= windowEndsAt {
            isAnew = false
            fastest = (fastest.now, transit)
            windowEndsAt = now + Self.window
        }
        fastest.now = min(fastest.now, transit)
        let offset = min(fastest.before, fastest.now) - origin
        guard !isAnew || offset >= 0 else {
            // What is known from before the new start is counted from the fastest packet, not from the first.
            self.origin = origin + offset
            return
        }
        let buckets = offset >= 0 ? offset / Self.bucket : (offset - Self.bucket + 1) / Self.bucket
        guard buckets != 0 else { return }
        shift(by: -Int(max(-Int64(Self.bucketCount), min(Int64(Self.bucketCount), buckets))))
        self.origin = origin + buckets * Self.bucket
    }

    /// Moves all that is counted, to greater transits or to smaller ones.
    private mutating func shift(by step: Int) {
        let last = Self.bucketCount - 1
        if step > 0 {
            for index in stride(from: last, through: 0, by: -1) {
                let share = shares[index]
                shares[index] = 0
                shares[min(last, index + step)] += share
            }
        } else {
            for index in 0...last {
                let share = shares[index]
                shares[index] = 0
                shares[max(0, index + step)] += share
            }
        }
        calm.bucket = max(0, min(last, calm.bucket + step))
        findQuantiles()
    }

    private mutating func forget(keeping factor: Float) {
        var shares = shares.mutableSpan
        for index in shares.indices { shares[index] *= factor }
    }

    private func share(from bucket: Int) -> Float {
        var sum: Float = 0
        for bucket in bucket..<Self.bucketCount { sum += shares[bucket] }
        return sum
    }

    private mutating func emphasise(_ index: Int) {
        let lacking = Self.surprise - share(from: index)
        guard lacking > 0 else { return }
        forget(keeping: 1 - lacking)
        shares[index] += lacking
    }

    private mutating func findQuantiles() {
        var beyond: Float = 0
        var bucket = Self.bucketCount - 1
        func descend(to share: Float) -> Int {
            while bucket > 0 {
                if beyond + shares[bucket] > share { return bucket }
                beyond += shares[bucket]
                bucket -= 1
            }
            return 0
        }
        quantile = descend(to: Self.tolerated)
        lateness = descend(to: Self.late)
    }
}
