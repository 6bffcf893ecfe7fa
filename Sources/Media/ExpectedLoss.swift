/// How much of what is sent to expect to be lost, by the receiver's reports (RFC 3550 §6.4.1).
///
/// Redundancy costs quality where nothing is lost, so small losses count as none; what is reported is believed at once when it
/// is more than before, and forgotten over some reports, as bursts come again.
package struct ExpectedLoss: Sendable {
    /// Protection begins at the one and ends at the other, in percent.
    private static let threshold = (begin: Float(2), end: Float(1))

    private var average: Float = 0
    private var isProtecting = false

    package init() {}

    /// In percent; 0 when redundancy is not worth it.
    package var percent: Int { isProtecting ? min(100, max(1, Int(average.rounded(.up)))) : 0 }

    /// Takes note of the share of packets lost since the report before, in 256ths.
    package mutating func note(fractionLost: UInt8) {
        let reported = Float(fractionLost) * 100 / 256
        average = max(reported, average * 0.7 + reported * 0.3)
        isProtecting = average >= (isProtecting ? Self.threshold.end : Self.threshold.begin)
    }
}
