import Crypto
import Wire

/// When what is sent arrives, if it does: a seed makes it repeatable.
struct ImpairedNetwork {
    private static let delay = Duration.milliseconds(30)
    private static let blackoutInterval = Duration.seconds(5)

    private let loss: Double
    private let burst: Double
    private let duplication: Double
    private let jitter: Duration
    private let keepsOrder: Bool
    private let blackout: Duration
    private var randomness: Randomness
    private var isLosing = false
    private var latest = Instant(nanoseconds: 0)

    init(
        loss: Double, burst: Double, duplication: Double, jitter: Duration, keepsOrder: Bool, blackout: Duration,
        seed: UInt64
    ) {
        self.loss = loss
        self.burst = burst
        self.duplication = duplication
        self.jitter = jitter
        self.keepsOrder = keepsOrder
        self.blackout = blackout
        randomness = .seeded(seed)
    }

    mutating func arrivals(of sent: Instant) -> [Instant] {
        let isLost = loses() || sent.nanoseconds % Self.blackoutInterval.nanoseconds < blackout.nanoseconds
        let late = Double.random(in: 0...1, using: &randomness)
        let isDoubled = Double.random(in: 0..<1, using: &randomness) < duplication
        guard !isLost else { return [] }
        var arrival = sent + Self.delay + .nanoseconds(Int64(Double(jitter.nanoseconds) * late))
        if keepsOrder {
            arrival = max(arrival, latest)
            latest = arrival
        }
        return isDoubled ? [arrival, arrival + .milliseconds(25)] : [arrival]
    }

    /// The model of Gilbert: a good state and one that loses everything. With bursts of one packet losses are independent.
    private mutating func loses() -> Bool {
        let chance = Double.random(in: 0..<1, using: &randomness)
        guard burst > 1 else { return chance < loss }
        isLosing = isLosing ? chance >= 1 / burst : chance < loss / (burst * (1 - loss))
        return isLosing
    }
}
