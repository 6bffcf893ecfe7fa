import Wire

/// The 64-bit time of RTCP reports: seconds since an epoch and their binary fraction (RFC 3550 §4).
///
/// The epoch is that of the monotonic clock, which §4 allows a sender without wallclock time.
package struct NTPTimestamp: Hashable, Sendable {
    package let bits: UInt64

    package init(bits: UInt64) {
        self.bits = bits
    }

    package init(_ instant: Instant) {
        let nanoseconds = UInt64(bitPattern: instant.nanoseconds)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        bits = seconds << 32 | (rest << 32) / 1_000_000_000
    }

    /// The middle 32 bits, in units of 1/65536 second, as report blocks carry them.
    package var middle: UInt32 { UInt32(truncatingIfNeeded: bits >> 16) }
}

extension Duration {
    /// A span in units of 1/65536 second.
    init(middle units: UInt32) {
        self = .nanoseconds(Int64(units) * 1_000_000_000 / 65_536)
    }

    /// This span in units of 1/65536 second, as much of it as fits.
    var middle: UInt32 {
        let (whole, overflow) = nanoseconds.multipliedReportingOverflow(by: 65_536)
        guard !overflow else { return .max }
        return UInt32(clamping: whole / 1_000_000_000)
    }
}
